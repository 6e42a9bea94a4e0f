"""Whether a bundle gives what the policy gave: recorded episodes, and how a pipeline is held against them."""
