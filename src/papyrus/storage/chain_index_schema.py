"""The tables of the chain index.

Removing a tipset removes all that hangs on it. What may be asked for has an index: a tipset by its
key, or by its CID, which is what Ethereum calls a block hash; a message by CID, by sender and nonce
and by either address; an event by height, emitter, and the value of a field. Only fields that the
emitter asked to be searchable are, and only values up to 64 bytes (topics have 32), so that long
data costs nothing.
"""

SCHEMA_VERSION = 2
"""Raised with every change below; an index of another version is made anew."""

APPLICATION_ID = int.from_bytes(b"PAPY")
"""How the file says whose it is."""

TABLES = ("tipset", "message", "event", "event_field")

LONGEST_SEARCHED = 64
"""Bytes of a value up to which it is found through the index."""

SEARCHABLE = f"flags & 3 != 0 AND length(value) <= {LONGEST_SEARCHED}"
"""Which fields are found through their value; a query must say the same to use the index."""

SCHEMA = (
    """CREATE TABLE tipset (
        height INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        key_cid BLOB NOT NULL
    )""",
    "CREATE INDEX tipset_by_cid ON tipset (key_cid)",
    """CREATE TABLE message (
        id INTEGER PRIMARY KEY,
        cid BLOB NOT NULL,
        height INTEGER NOT NULL REFERENCES tipset ON DELETE CASCADE,
        position INTEGER NOT NULL,
        sender BLOB NOT NULL,
        recipient BLOB NOT NULL,
        nonce INTEGER NOT NULL,
        receipt BLOB,
        UNIQUE (height, position)
    )""",
    "CREATE INDEX message_by_cid ON message (cid)",
    "CREATE INDEX message_by_sender ON message (sender, height)",
    "CREATE INDEX message_by_recipient ON message (recipient, height)",
    "CREATE INDEX message_by_nonce ON message (sender, nonce)",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        message INTEGER NOT NULL REFERENCES message ON DELETE CASCADE,
        number INTEGER NOT NULL,
        emitter INTEGER NOT NULL,
        height INTEGER NOT NULL,
        UNIQUE (message, number)
    )""",
    "CREATE INDEX event_by_height ON event (height)",
    "CREATE INDEX event_by_emitter ON event (emitter, height)",
    """CREATE TABLE event_field (
        event INTEGER NOT NULL REFERENCES event ON DELETE CASCADE,
        place INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        key BLOB NOT NULL,
        codec INTEGER NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (event, place)
    ) WITHOUT ROWID""",
    f"CREATE INDEX field_by_value ON event_field (key, value) WHERE {SEARCHABLE}",
)
