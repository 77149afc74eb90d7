"""Machines with contracts, whose code runs as Wasm beside Python actors, and as Wasm throughout."""

from actor_fixtures import machines

make_vm = machines("hybrid:eam=wasm,evm=wasm")
