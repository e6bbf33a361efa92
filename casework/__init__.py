"""What people do with the findings: commands, flags, the queue, judgements, cases and the evidence pack."""
