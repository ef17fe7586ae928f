// An order's life through @stoqey/ib 1.6.10, one line for each step.
//
// usage: node node_client.mjs MODULES PORT CONTROL_SOCKET

import { createRequire } from "node:module";
import net from "node:net";

const [modules, port, control] = process.argv.slice(2);
const { IBApi, EventName } = createRequire(`${modules}/`)("@stoqey/ib");

const PATIENCE_MS = 10_000;
const EXPIRY = "20260320";

let heard = [];
let ib;

function listen() {
  heard = [];
  ib = new IBApi({ host: "127.0.0.1", port: Number(port), clientId: 31 });
  for (const name of Object.values(EventName)) {
    ib.on(name, (...values) => heard.push([name, values]));
  }
}

async function wait(name, matches = () => true, count = 1) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const found = heard.filter(([each, values]) => each === name && matches(...values));
    if (found.length >= count) return found.map(([, values]) => values);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  console.error(`stoqey FAILED waiting for ${count} ${name}`, heard.slice(-8));
  process.exit(1);
}

function expect(condition, what) {
  if (!condition) {
    console.error(`stoqey FAILED: expected ${what}`);
    process.exit(1);
  }
}

function passed(step) {
  console.log(`stoqey ${step.padEnd(22)} ok`);
}

function quote(bid, ask) {
  const asked = { command: "quote", underlying: "SPY", expiry: "2026-03-20", strike: "685" };
  return new Promise((resolve, reject) => {
    const line = net.connect(control, () =>
      line.write(`${JSON.stringify({ ...asked, right: "C", bid, ask })}\n`),
    );
    line.on("error", reject);
    line.on("data", () => {
      line.end();
      resolve();
    });
  });
}

async function connect() {
  listen();
  ib.connect();
  const [[id]] = await wait(EventName.nextValidId);
  return id;
}

const status = (id, wanted) =>
  wait(EventName.orderStatus, (each, stands) => each === id && stands === wanted);

const order = (action, orderType, orderRef, more) => ({
  action,
  orderType,
  orderRef,
  totalQuantity: 2,
  tif: "DAY",
  transmit: true,
  ...more,
});

await quote("0.42", "0.43");
let id = await connect();
passed("connect");

ib.reqContractDetails(1, {
  symbol: "SPY",
  secType: "OPT",
  exchange: "SMART",
  currency: "USD",
  lastTradeDateOrContractMonth: EXPIRY,
  strike: 685,
  right: "C",
});
await wait(EventName.contractDetailsEnd);
const [[, details]] = await wait(EventName.contractDetails);
const contract = { ...details.contract, exchange: "SMART" };
expect(contract.conId > 0, "a contract id");
passed("contract details");

ib.reqMktData(2, contract, "", false, false);
await wait(EventName.tickPrice, (_, type, price) => type === 2 && price === 0.43);
passed("quote");

ib.placeOrder(id, contract, order("BUY", "LMT", "one", { lmtPrice: 0.2 }));
await status(id, "Submitted");
passed("place");
ib.placeOrder(id, contract, order("BUY", "LMT", "one", { lmtPrice: 0.25 }));
const amended = id;
await wait(EventName.openOrder, (each, _, open) => each === amended && open.lmtPrice === 0.25);
passed("modify");
ib.cancelOrder(id);
await status(id, "Cancelled");
passed("cancel");

const [entry, target, stop] = [id + 1, id + 2, id + 3];
ib.placeOrder(entry, contract, order("BUY", "LMT", "entry", { lmtPrice: 0.43, transmit: false }));
ib.placeOrder(
  target,
  contract,
  order("SELL", "LMT", "target", { lmtPrice: 0.86, parentId: entry, transmit: false }),
);
ib.placeOrder(stop, contract, order("SELL", "STP", "stop", { auxPrice: 0.32, parentId: entry }));
await status(entry, "Filled");
await status(target, "Submitted");
await status(stop, "PreSubmitted");
passed("bracket");
await quote("0.30", "0.31");
await status(stop, "Filled");
await status(target, "Cancelled");
await wait(EventName.commissionReport, (report) => report.commission === 1.3, 2);
passed("fill");

id = stop + 1;
ib.placeOrder(id, contract, order("BUY", "LMT", "rests", { lmtPrice: 0.2 }));
await status(id, "Submitted");

ib.reqExecutions(3, {});
await wait(EventName.execDetailsEnd);
const fills = await wait(EventName.execDetails, (reqId) => reqId === 3);
expect(fills.map(([, , each]) => each.orderRef).join() === "entry,stop", "two fills");
passed("executions");

ib.reqCompletedOrders(false);
await wait(EventName.completedOrdersEnd);
const completed = await wait(EventName.completedOrder);
const ends = completed.map(([, each, state]) => `${each.orderRef} ${state.status}`).join();
expect(ends === "one Cancelled,entry Filled,target Cancelled,stop Filled", `four ends, was ${ends}`);
passed("completed orders");

const [[, , { permId }]] = await wait(EventName.openOrder, (each) => each === id);
ib.disconnect();
await new Promise((resolve) => setTimeout(resolve, 200));
expect((await connect()) === id + 1, "the next id");
ib.reqOpenOrders();
await wait(EventName.openOrderEnd);
const again = await wait(EventName.openOrder);
expect(again.length === 1 && again[0][2].permId === permId, "the resting order");
passed("reconnect, find again");
ib.disconnect();
process.exit(0);
