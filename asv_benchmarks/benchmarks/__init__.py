"""Benchmarks of numbacnn, run by airspeed velocity."""
