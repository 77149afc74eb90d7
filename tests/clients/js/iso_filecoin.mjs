// iso-filecoin, as an application uses it: keys of the mnemonic, questions, a payment of each kind.

import * as Address from 'iso-filecoin/address'
import { Message } from 'iso-filecoin/message'
import { RPC } from 'iso-filecoin/rpc'
import { Signature } from 'iso-filecoin/signature'
import { Token } from 'iso-filecoin/token'
import * as Wallet from 'iso-filecoin/wallet'
import { MNEMONIC, devnet, root, step, tell } from './steps.mjs'

const network = 'testnet'
const rpc = new RPC({ api: root, network }, { timeout: 30_000 })

function found({ result, error }) {
  if (error) throw error
  return result
}

const account = (place) =>
  Wallet.accountFromMnemonic(MNEMONIC, 'SECP256K1', `m/44'/461'/0'/0/${place}`, '', network)

await step('addresses', () => devnet.accounts.map((_, place) => account(place).address.toString()))
await step('keys', () =>
  devnet.accounts.map((_, place) => Buffer.from(account(place).privateKey).toString('hex'))
)
await step('delegated', () =>
  devnet.accounts.map(({ ethereum }) => Address.fromEthAddress(ethereum, network).toString())
)
await step('bls', () => Wallet.accountFromLotus(devnet.bls.export, network).address.toString())

await step('version', async () => found(await rpc.version()).APIVersion)
await step('networkName', async () => found(await rpc.networkName()))
await step('head', async () => found(await rpc.chainHead()).Height)
await step('genesis', async () => found(await rpc.getTipSetByHeight({ height: 0 })).Cids[0]['/'])

const [alice, bob] = [account(0), account(1)]
const bls = Wallet.accountFromLotus(devnet.bls.export, network)

/** Estimate, sign and push a payment of one FIL, and wait for its receipt. */
async function pay(from, to, method = 0) {
  const nonce = found(await rpc.nonce(from.address.toString()))
  const wish = {
    from: from.address.toString(),
    to,
    value: Token.fromFIL('1').toAttoFIL().toString(),
    nonce,
    method,
  }
  const estimate = found(await rpc.gasEstimate({ msg: wish }))
  const message = new Message({
    ...wish,
    gasLimit: estimate.GasLimit,
    gasFeeCap: estimate.GasFeeCap,
    gasPremium: estimate.GasPremium,
  })
  const signature = Wallet.signMessage(from.privateKey, from.type, message)
  const cid = found(await rpc.pushMessage({ msg: message, signature }))
  const lookup = found(await rpc.waitMsg({ cid }))
  return {
    cid: cid['/'],
    nonce,
    estimate,
    lookup,
    signature: signature.toLotus(),
    nonceAfter: found(await rpc.nonce(from.address.toString())),
  }
}

await step('balanceBefore', async () => found(await rpc.balance(bob.address.toString())))
await step('payment', () => pay(alice, bob.address.toString()))
await step('balanceAfter', async () => found(await rpc.balance(bob.address.toString())))
await step('blsPayment', () => pay(bls, bob.address.toString()))
await step('ethereumPayment', () => pay(alice, devnet.accounts[2].delegated, 3844450837))

const id = await step('lookupId', async () =>
  found(await rpc.getIDAddress({ address: alice.address.toString(), safety: 'latest' }))
)
await step('finalisedId', async () =>
  found(await rpc.getIDAddress({ address: alice.address.toString() }))
)
await step('accountKey', async () => found(await rpc.stateAccountKey({ address: id })))
await step('robustAddress', async () =>
  found(await rpc.stateLookupRobustAddress({ address: id }))
)
await step('ethereumAddress', async () =>
  found(await rpc.filecoinAddressToEthAddress({ address: devnet.accounts[0].delegated, blockNumber: 'latest' }))
)
await step('delegatedKeys', () =>
  Wallet.accountFromPrivateKey(
    Buffer.from(devnet.accounts[0].ethereumKey.slice(2), 'hex'),
    'DELEGATED',
    network
  )
)

const call = async (method, ...params) =>
  found(await rpc.call({ method: `Filecoin.${method}`, params }))

await step('actor', () => call('StateGetActor', alice.address.toString(), null))
await step('minerInfo', () => call('StateMinerInfo', devnet.miners[0], null))
await step('unknownActor', () => call('StateGetActor', 't09999999', null))
await step('foreignAddress', async () => found(await rpc.balance('f01000')))
await step('signed', () => {
  const signature = Wallet.sign(alice.privateKey, alice.type, Buffer.from('hello'))
  return Signature.fromLotus(signature.toLotus()).toLotusHex()
})

tell()
