"""Where in the user's code something happened, and what that code says."""
