"""What the domain needs of the database; every statement is named after what it returns or does."""
