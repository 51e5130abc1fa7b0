"""Files: bytes of any kind, sent and read without holding them in memory."""
