"""target None at first and None again after an event; set from reading"""

SHAPE = (4,)


class Hold:
    def __init__(self):
        self.hold = None

    def step(self, obs):
        cmd = obs[:2]
        pos = obs[2:]
        if cmd.abs().max() > 1.0:
            self.hold = None
            return cmd
        if self.hold is None:
            self.hold = pos.clone()
        return 0.5 * (self.hold - pos)


def make():
    return Hold()
