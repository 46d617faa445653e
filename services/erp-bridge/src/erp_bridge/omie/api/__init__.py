"""The methods of Omie's API as functions, each with the fields that it takes (omie-api.md 2): Omie refuses any other."""
