"""The message pool: messages that wait for a block, as this node knows them (node.md 3.10).

Messages come from this node's users and from the network. The pool checks them, keeps them by
sender in order of nonce, chooses from them for a block, estimates what gas will cost, and says why
a message waits. Users' own messages outlive the process; the others do not.

The rules follow Lotus' `chain/messagepool`. None of them is consensus: they decide what a node
keeps and passes on, and a peer that passes on what others reject loses their trust.
"""
