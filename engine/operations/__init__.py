"""What can be done: commands (one write transaction, one ledger entry each) and questions (read-only)."""
