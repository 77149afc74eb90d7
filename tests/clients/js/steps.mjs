// What the scripts beside this one share: what the devnet is, and how their findings are told.

import { readFileSync } from 'node:fs'

const findings = {}

/** What `papyrus devnet --config-out` wrote: who is there, and where it listens. */
export const devnet = JSON.parse(readFileSync(process.argv[2], 'utf8'))

export const MNEMONIC = 'test test test test test test test test test test test junk'

/** The address of the devnet without the path that chooses a version of its interface. */
export const root = new URL('/', devnet.rpc).href

/** Keep what a step finds under its name, or why it could not; return what it found. */
export async function step(name, find) {
  try {
    const value = await find()
    findings[name] = { value: value === undefined ? null : value }
    return value
  } catch (error) {
    findings[name] = { error: error.message }
    return undefined
  }
}

/** Print the findings as one document. */
export function tell() {
  const text = (_, value) => (typeof value === 'bigint' ? value.toString() : value)
  process.stdout.write(`${JSON.stringify(findings, text)}\n`)
}
