"""The ``mjlab`` environment provider: mjlab's manager-based tasks (MuJoCo-Warp), exported whole and deployed back."""
