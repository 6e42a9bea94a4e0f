"""What ran: calls, the memory they touched, and how to run them again."""
