"""A user's own code in folders named after libraries, as trainers have them."""
