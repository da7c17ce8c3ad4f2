"""What the gate believes: keys, signatures, canonical bytes and the calibration profile."""
