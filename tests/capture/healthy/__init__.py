"""Programs with the bookkeeping of real robot code around them: all of it must be captured, none of it refused."""
