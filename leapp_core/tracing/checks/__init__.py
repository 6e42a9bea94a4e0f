"""What cannot be exported, and the reason: comparisons between steps, escapes, counters, delays."""
