"""How fast this computer reads films, measured in fresh processes on drawn ones: see `lennox.bench.measurements`.

Nothing is imported here: the processes that are timed come through this file.
"""
