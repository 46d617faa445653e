"""What leaves the house: mail, webhooks, and lines in the log, sent outside of any transaction."""
