"""The node: what starts, connects and stops the services, and tells how they fare.

Everything below is handed what it needs; here is where it comes from: configuration, the folder on
disk, the clock, worker processes, logs, metrics. The services themselves know none of this.
"""
