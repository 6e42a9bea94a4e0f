"""match statement over integer mode, thresholds on command"""

SHAPE = (3,)


class M:
    def __init__(self):
        self.mode = 0

    def step(self, obs):
        match self.mode:
            case 0:
                out = obs * 0.1
                if obs[0] > 0.7:
                    self.mode = 1
            case 1:
                out = obs * 0.5 + 1
                if obs[1] > 0.7:
                    self.mode = 2
                elif obs[1] < -1.0:
                    self.mode = 0
            case _:
                out = -obs
                if obs[2] > 0.0:
                    self.mode = 0
        return out


def make():
    return M()
