"""dict of gains by mode string, mode by command norm with hysteresis"""

SHAPE = (6,)

GAINS = {"stand": (40.0, 1.0), "trot": (25.0, 0.6), "run": (18.0, 0.4)}


class PD:
    def __init__(self):
        self.mode = "stand"

    def step(self, obs):
        q, dq = obs[:3], obs[3:]
        speed = float(dq.norm())
        if self.mode == "stand" and speed > 1.0:
            self.mode = "trot"
        elif self.mode == "trot":
            if speed > 4.0:
                self.mode = "run"
            elif speed < 0.8:
                self.mode = "stand"
        elif self.mode == "run" and speed < 2.0:
            self.mode = "trot"
        kp, kd = GAINS[self.mode]
        return -kp * q - kd * dq


def make():
    return PD()
