"""Control programs of a robotics engineer who has not read the engine, each judged as it is; none is removed later."""
