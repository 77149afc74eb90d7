// @zondax/izari-filecoin, as its README has it: derive, ask, transfer, wait.

import { Account } from '@zondax/izari-filecoin/account'
import { Address } from '@zondax/izari-filecoin/address'
import { Network, NetworkPrefix, SignatureType } from '@zondax/izari-filecoin/artifacts'
import { RPC } from '@zondax/izari-filecoin/rpc'
import { Token } from '@zondax/izari-filecoin/token'
import { Transaction } from '@zondax/izari-filecoin/transaction'
import { Wallet } from '@zondax/izari-filecoin/wallet'
import { MNEMONIC, devnet, step, tell } from './steps.mjs'

// It knows three networks, and none of them but mainnet by more than the letter of its addresses.
const rpc = new RPC(Network.Butterfly, { url: devnet.rpc, token: devnet.token ?? '' })

function found(answer) {
  if ('error' in answer) throw new Error(answer.error.message)
  return answer.result
}

const account = (place) =>
  Wallet.deriveAccount(
    MNEMONIC,
    SignatureType.SECP256K1,
    `m/44'/461'/0'/0/${place}`,
    '',
    NetworkPrefix.Testnet
  )

const [carol, dave] = [account(3), account(4)]

await step('addresses', () => devnet.accounts.map((_, place) => account(place).address.toString()))
await step('keys', () =>
  devnet.accounts.map((_, place) => account(place).privateKey.toString('hex'))
)
await step('delegated', () =>
  devnet.accounts.map(({ ethereum }) =>
    Address.fromEthAddress(NetworkPrefix.Testnet, ethereum).toString()
  )
)
await step('balance', async () => (await Account.getBalance(rpc, dave)).toAtto())
await step('nonce', async () => found(await rpc.getNonce(carol.address)))

await step('payment', async () => {
  const value = Token.fromWhole('2')
  const transaction = Transaction.getNew(dave.address, carol.address, value, 0)
  await transaction.prepareToSend(rpc)
  const signature = await Wallet.signTransaction(carol, transaction)
  const isVerified = await Wallet.verifySignature(signature, transaction)
  const cid = found(await rpc.broadcastTransaction(transaction, signature))
  const lookup = found(await rpc.waitMsgState(cid, 0, 100))
  return { cid: cid['/'], isVerified, message: transaction.toJSON(), lookup }
})
await step('send', async () => {
  const cid = await Account.send(rpc, carol, dave.address, Token.fromWhole('1'))
  return found(await rpc.waitMsgState({ '/': cid }, 2, 100))
})
await step('ethereumSend', async () => {
  const to = Address.fromString(devnet.accounts[2].delegated)
  const cid = await Account.send(rpc, carol, to, Token.fromWhole('1'))
  return found(await rpc.waitMsgState({ '/': cid }, 0, 100))
})
await step('balanceAfter', async () => (await Account.getBalance(rpc, dave)).toAtto())
await step('nonceAfter', async () => found(await rpc.getNonce(carol.address)))

await step('accountState', async () => found(await rpc.readState(carol.address)))
await step('multisigState', async () => found(await rpc.readState(devnet.rootMultisig)))
await step('minerState', async () => found(await rpc.readState(devnet.miners[0])))
await step('miners', async () => found(await rpc.listMiners()))
await step('minerInfo', async () => found(await rpc.getMinerInfo(devnet.miners[0])))
await step('ask', async () =>
  found(await rpc.askForStorage(devnet.miners[0], '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'))
)
await step('unknown', async () => found(await rpc.readState('t09999999')))
await step('foreign', async () => found(await rpc.getNonce('f1qid3qslm4jax2jpohkdwomtidgd3x7xa7qvahea')))
await step('blsKeys', () =>
  Wallet.deriveAccount(MNEMONIC, SignatureType.BLS, "m/44'/461'/0'/0/0", '', NetworkPrefix.Testnet)
)

tell()
