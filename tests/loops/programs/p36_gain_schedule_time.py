"""gain schedule looked up by time: list of (t, kp) breakpoints, for/break"""

SHAPE = (4,)

SCHEDULE = [(0.0, 5.0), (0.1, 10.0), (0.25, 20.0), (0.5, 30.0)]


class PD:
    def __init__(self):
        self.t = 0.0

    def step(self, obs):
        kp = SCHEDULE[0][1]
        for t0, k in SCHEDULE:
            if self.t < t0:
                break
            kp = k
        self.t += 0.01
        return -kp * obs[:2] - 0.5 * obs[2:]


def make():
    return PD()
