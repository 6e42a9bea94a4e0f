"""One plugin for each trainer, so that each can be blocked alone."""
