"""Programs in the style of robot policies, one module per topic."""
