"""JSON-RPC: the interface that Filecoin's clients speak.

Every method is declared once, as a typed function (`papyrus.rpc.declarations`); the server, the
OpenRPC document and the typed clients come from that. Names, shapes and error codes are Lotus'.
"""
