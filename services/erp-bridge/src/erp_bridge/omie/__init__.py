"""A client of Omie's API that stays within its limits and always knows what an answer means."""
