"""The processes of one installation on one machine: what runs, where, and who keeps it running."""
