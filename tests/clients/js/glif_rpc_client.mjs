// @glif/filecoin-rpc-client, which knows no method by itself and sends any.

import client from '@glif/filecoin-rpc-client'
import { devnet, root, step, tell } from './steps.mjs'

const Engine = client.default
const rpc = new Engine({ apiAddress: devnet.rpc, token: devnet.token ?? undefined })
const old = new Engine({ apiAddress: new URL('/rpc/v0', root).href })

const [sender, receiver] = [devnet.accounts[5].filecoin, devnet.accounts[6].filecoin]

await step('head', () => rpc.request('ChainHead'))
await step('tipset', () => rpc.request('ChainGetTipSetByHeight', 0, null))
await step('networkName', () => rpc.request('StateNetworkName'))
await step('oldVersion', () => old.request('Version'))
await step('balance', () => rpc.request('WalletBalance', receiver))
await step('nonce', () => rpc.request('MpoolGetNonce', sender))

const payment = await step('payment', async () => {
  const wish = {
    To: receiver,
    From: sender,
    Value: '1000000000000000000',
    Method: 0,
    Params: '',
    Nonce: await rpc.request('MpoolGetNonce', sender),
    GasLimit: 0,
    GasFeeCap: '0',
    GasPremium: '0',
  }
  const message = await rpc.request('GasEstimateMessageGas', wish, { MaxFee: '0' }, [])
  const signed = await rpc.request('WalletSignMessage', sender, message)
  const cid = await rpc.request('MpoolPush', signed)
  return { cid, message: signed.Message, lookup: await rpc.request('StateWaitMsg', cid, 0, 100, true) }
})
await step('pushed', async () => {
  const wish = { To: receiver, From: sender, Value: '1000000000000000000' }
  const signed = await rpc.request('MpoolPushMessage', wish, { MaxFee: '0' })
  return await rpc.request('StateWaitMsg', signed.CID, 0, 100, true)
})
await step('oldLookup', () => old.request('StateWaitMsg', payment.cid, 0))
await step('message', () => rpc.request('ChainGetMessage', payment.cid))
await step('found', () => rpc.request('StateSearchMsg', [], payment.cid, 100, true))
await step('receipts', () => rpc.request('ChainGetParentReceipts', payment.lookup.TipSet[0]))
await step('messages', () => rpc.request('ChainGetParentMessages', payment.lookup.TipSet[0]))
await step('balanceAfter', () => rpc.request('WalletBalance', receiver))
await step('actor', () => rpc.request('StateGetActor', receiver, []))
await step('state', () => rpc.request('StateReadState', devnet.miners[0], []))
await step('minerInfo', () => rpc.request('StateMinerInfo', devnet.miners[0], []))
await step('minerPower', () => rpc.request('StateMinerPower', devnet.miners[0], []))
await step('unknownMethod', () => rpc.request('NoSuchMethod'))

tell()
