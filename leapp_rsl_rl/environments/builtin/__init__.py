"""Small manager-based environments in plain torch, with trained policies to try everything on."""
