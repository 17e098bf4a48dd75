"""Measurements: `python -m tests.bench [NAME…]`. Ratios within one run, limits, and the peak memory of each.

Each measure runs in a process of its own, so that peak memory is its own and nothing is warm that a user
would find cold. Absolute limits are for two cores of ordinary speed; ratios carry over between machines.
"""
