"""One of each: intervals, bootstrap, ROC, FROC, calibration, average precision."""
