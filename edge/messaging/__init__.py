"""Telling the fleet: topics, signed events, the MQTT client, and the drain that empties the outbox.

The outbox is the one queue. Everything below it may forget: a connection that dies takes its unacknowledged messages
along, and the drain sends them again. Consumers therefore drop duplicates by (``source``, ``id``).
"""
