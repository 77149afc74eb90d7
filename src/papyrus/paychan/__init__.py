"""Payment channels of this node: which there are, what was promised on them, what is to be sent.

A payer puts funds into an actor on the chain and pays by signed vouchers that only the two parties
see; the chain sees the last of them (node.md 4.6, Lotus paychmgr). Everything here is synchronous
and sends nothing: it keeps records, checks vouchers, and says which messages others are to send.
"""
