// What an application does with the official SDK, unmodified, against a network of ours.
// Usage: node flow.mjs RPC_URL FAUCET_URL PACKAGE_DUMP.json ; prints one JSON object, or fails.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { IotaClient } from '@iota/iota-sdk/client';
import { requestIotaFromFaucetV0, requestIotaFromFaucetV1, getFaucetRequestStatus } from '@iota/iota-sdk/faucet';
import { Ed25519Keypair } from '@iota/iota-sdk/keypairs/ed25519';
import { Secp256k1Keypair } from '@iota/iota-sdk/keypairs/secp256k1';
import { Secp256r1Keypair } from '@iota/iota-sdk/keypairs/secp256r1';
import { Transaction } from '@iota/iota-sdk/transactions';

const [url, faucet, dumpPath] = process.argv.slice(2);
const client = new IotaClient({ url });
const alice = new Ed25519Keypair();
const aliceAddress = alice.getPublicKey().toIotaAddress();
const others = [new Secp256k1Keypair(), new Secp256r1Keypair()];
const show = { showEffects: true, showEvents: true, showObjectChanges: true, showBalanceChanges: true, showInput: true };

async function gasFor(transaction, owner) {
  const { data } = await client.getCoins({ owner });
  const coin = data.reduce((best, next) => (BigInt(next.balance) > BigInt(best.balance) ? next : best));
  transaction.setSender(owner);
  transaction.setGasPayment([{ objectId: coin.coinObjectId, version: coin.version, digest: coin.digest }]);
  transaction.setGasBudget(100_000_000n);
  transaction.setGasPrice(await client.getReferenceGasPrice());
}

async function execute(transaction, signer) {
  await gasFor(transaction, signer.getPublicKey().toIotaAddress());
  const result = await client.signAndExecuteTransaction({ transaction, signer, options: show });
  assert.equal(result.effects.status.status, 'success', JSON.stringify(result.effects.status));
  await client.waitForTransaction({ digest: result.digest });
  return result;
}

// faucet
const given = await requestIotaFromFaucetV0({ host: faucet, recipient: aliceAddress });
assert.equal(given.error ?? null, null);
assert.equal(given.transferredGasObjects.length, 5);
const { task } = await requestIotaFromFaucetV1({ host: faucet, recipient: aliceAddress });
let status;
do {
  await new Promise((done) => setTimeout(done, 200));
  status = await getFaucetRequestStatus({ host: faucet, taskId: task });
} while (status.status.status === 'INPROGRESS');
assert.equal(status.status.status, 'SUCCEEDED');

// reads
assert.match(await client.getChainIdentifier(), /^[0-9a-f]{8}$/);
assert.equal((await client.getCoins({ owner: aliceAddress })).data.length, 10);
assert.equal((await client.getBalance({ owner: aliceAddress })).totalBalance, '2000000000000');
assert.equal((await client.getCoinMetadata({ coinType: '0x2::iota::IOTA' })).decimals, 9);
assert.equal((await client.getCommitteeInfo()).validators.length, 4);
assert.equal((await client.getLatestIotaSystemState()).activeValidators.length, 4);
assert.ok((await client.getProtocolConfig()).attributes.max_tx_gas);
const checkpoint = await client.getCheckpoint({ id: '1' });
assert.deepEqual(await client.getCheckpoint({ id: checkpoint.digest }), checkpoint);
const page = await client.getCheckpoints({ limit: 1, descendingOrder: false });
assert.deepEqual([page.data[0].sequenceNumber, page.nextCursor, page.hasNextPage], ['0', '0', true]);
assert.equal((await client.getTotalSupply({ coinType: '0x2::iota::IOTA' })).value, '4000000000000000000');
assert.equal((await client.getCurrentEpoch()).validators.length, 4);
assert.equal((await client.getNetworkMetrics()).currentCheckpoint, await client.getLatestCheckpointSequenceNumber());

// transfer, also from accounts of the other schemes
for (const other of others) {
  const address = other.getPublicKey().toIotaAddress();
  const transfer = new Transaction();
  const [coin] = transfer.splitCoins(transfer.gas, [1_000_000_000n]);
  transfer.transferObjects([coin], address);
  const sent = await execute(transfer, alice);
  assert.ok(sent.balanceChanges.some((change) => change.owner.AddressOwner === address && change.amount === '1000000000'));
  const back = new Transaction();
  const [part] = back.splitCoins(back.gas, [1_000n]);
  back.transferObjects([part], aliceAddress);
  await execute(back, other);
}

// publish what `movelite move build --dump-bytecode-as-base64` compiled
const dump = JSON.parse(readFileSync(dumpPath, 'utf8'));
const publish = new Transaction();
const [cap] = publish.publish({ modules: dump.modules, dependencies: dump.dependencies });
publish.transferObjects([cap], aliceAddress);
const published = await execute(publish, alice);
const packageId = published.objectChanges.find((change) => change.type === 'published').packageId;
const minter = published.objectChanges.find((change) => change.objectType?.endsWith('::my_nft::MinterCap')).objectId;

// the mutability and types of arguments come from getNormalizedMoveFunction
const mint = new Transaction();
mint.moveCall({
  target: `${packageId}::my_nft::mint`,
  arguments: [
    mint.object(minter),
    mint.pure.string('First'),
    mint.pure.string('One of a kind'),
    mint.pure.string('https://example.com/1.png'),
    mint.pure.address(aliceAddress),
  ],
});
const minted = await execute(mint, alice);
const nft = minted.objectChanges.find((change) => change.objectType?.endsWith('::my_nft::Nft')).objectId;

// objects and events
const object = await client.getObject({ id: nft, options: { showContent: true, showOwner: true, showType: true, showBcs: true, showDisplay: true } });
assert.equal(object.data.content.fields.name, 'First');
assert.equal(object.data.display.data.name, 'First');
assert.deepEqual(object.data.owner, { AddressOwner: aliceAddress });
const events = await client.queryEvents({ query: { MoveEventType: `${packageId}::my_nft::Minted` } });
assert.equal(events.data.length, 1);
assert.equal(events.data[0].parsedJson.nft, nft);
const owned = await client.getOwnedObjects({ owner: aliceAddress, filter: { StructType: `${packageId}::my_nft::Nft` } });
assert.equal(owned.data[0].data.objectId, nft);
const module = await client.getNormalizedMoveModule({ package: packageId, module: 'my_nft' });
assert.ok(module.exposedFunctions.mint);
const found = await client.getTransactionBlock({ digest: minted.digest, options: show });
assert.equal(found.transaction.data.sender, aliceAddress);
const calls = await client.queryTransactionBlocks({ filter: { MoveFunction: { package: packageId, module: 'my_nft', function: 'mint' } } });
assert.equal(calls.data[0].digest, minted.digest);
const past = await client.tryGetPastObject({ id: nft, version: Number(object.data.version) });
assert.equal(past.status, 'VersionFound');
const missing = await client.getObject({ id: '0x1234' });
assert.equal(missing.error.code, 'notExists');

// a spent coin is refused with words
const stale = new Transaction();
stale.setSender(aliceAddress);
stale.setGasBudget(10_000_000n);
stale.setGasPrice(1000n);
const gas = found.transaction.data.gasData.payment[0];
stale.setGasPayment([gas]);
stale.transferObjects([stale.gas], aliceAddress);
await assert.rejects(client.signAndExecuteTransaction({ transaction: stale, signer: alice }), /not available for consumption/);

console.log(JSON.stringify({ packageId, nft, digest: minted.digest }));
