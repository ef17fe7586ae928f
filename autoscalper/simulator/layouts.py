"""The field lists of the three long messages: placeOrder, openOrder and completedOrder.

One list per message, in the order of the wire, for every server version from 157 to 178. A name
in upper case is a block: it stands for fields that are there only in some orders. The order of the
fields is that of the order encoder and decoder in IBKR's TWS API (EClient.placeOrder,
EDecoder/EOrderDecoder of API 9.81 to 10.19); the counts were checked against ib_async 2.1.0 and
a published completedOrder of a real gateway (100 fields at version 178).
"""

from __future__ import annotations

import functools

import msgspec

from autoscalper.simulator.codec import UNSET_DOUBLE, UNSET_INT, UNSET_LONG

#: Lowest and highest server version that is spoken here.
MIN_VERSION = 157
MAX_VERSION = 178


class Field(msgspec.Struct, frozen=True):
    """One field, or one block of fields, of a message."""

    name: str
    #: What a gateway sends for an order in which the client left the field alone.
    default: str = ""
    #: First server version whose messages have the field.
    since: int = MIN_VERSION
    #: Last server version whose messages have the field.
    until: int = MAX_VERSION

    @property
    def is_block(self) -> bool:
        """Return whether the name stands for fields that are not always there."""
        return self.name.isupper()


class Stretch(msgspec.Struct, frozen=True):
    """Fields that are always there, and the block that follows them."""

    names: tuple[str, ...]
    #: Empty at the end of the message.
    block: str


def _fields(text: str) -> tuple[Field, ...]:
    return tuple(_field(word) for word in text.split())


def _field(word: str) -> Field:
    # name[=default][@since][!until], with _ for a blank in a default
    word, _, until = word.partition("!")
    word, _, since = word.partition("@")
    name, _, default = word.partition("=")
    defaults = {"unset": UNSET_DOUBLE, "unsetint": UNSET_INT, "unsetlong": UNSET_LONG}
    return Field(
        name,
        defaults.get(default, default.replace("_", " ")),
        int(since) if since else MIN_VERSION,
        int(until) if until else MAX_VERSION,
    )


@functools.cache
def at(fields: tuple[Field, ...], version: int) -> tuple[Field, ...]:
    """Return those of ``fields`` that messages of server version ``version`` have."""
    return tuple(field for field in fields if field.since <= version <= field.until)


@functools.cache
def stretches(fields: tuple[Field, ...], version: int) -> tuple[Stretch, ...]:
    """Return the message of server version ``version`` in stretches between its blocks."""
    found: list[Stretch] = []
    names: list[str] = []
    for field in at(fields, version):
        if field.is_block:
            found.append(Stretch(tuple(names), field.name))
            names = []
        else:
            names.append(field.name)
    return (*found, Stretch(tuple(names), ""))


@functools.cache
def defaults(fields: tuple[Field, ...]) -> dict[str, str]:
    """Return the default of each field that is always there."""
    return {field.name: field.default for field in fields if not field.is_block}


#: After the message id, the order id and the contract.
PLACE_ORDER = _fields(
    """
    secIdType secId action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose
    origin orderRef transmit parentId blockOrder sweepToFill displaySize triggerMethod outsideRth
    hidden BAG deprecatedSharesAllocation discretionaryAmt goodAfterTime goodTillDate faGroup
    faMethod faPercentage faProfile!176 modelCode shortSaleSlot designatedLocation exemptCode
    ocaType rule80A settlingFirm allOrNone minQty percentOffset eTradeOnly firmQuoteOnly
    nbboPriceCap auctionStrategy startingPrice stockRefPrice delta stockRangeLower stockRangeUpper
    overridePercentageConstraints volatility volatilityType deltaNeutralOrderType
    deltaNeutralAuxPrice DELTA_NEUTRAL continuousUpdate referencePriceType trailStopPrice
    trailingPercent scaleInitLevelSize scaleSubsLevelSize scalePriceIncrement SCALE scaleTable
    activeStartTime activeStopTime hedgeType HEDGE optOutSmartRouting clearingAccount
    clearingIntent notHeld deltaNeutralContractPresent DELTA_CONTRACT algoStrategy ALGO algoId
    whatIf orderMiscOptions solicited randomizeSize randomizePrice PEG_BENCH nConditions CONDITIONS
    adjustedOrderType triggerPrice lmtPriceOffset adjustedStopPrice adjustedStopLimitPrice
    adjustedTrailingAmount adjustableTrailingUnit extOperator softDollarTierName softDollarTierVal
    cashQty mifid2DecisionMaker mifid2DecisionAlgo mifid2ExecutionTrader mifid2ExecutionAlgo
    dontUseAutoPriceForHedge isOmsContainer discretionaryUpToLimitPrice usePriceMgmtAlgo
    duration@158 postToAts@160 autoCancelParent@162 advancedErrorOverride@166 manualOrderTime@169
    PEGGED@170
    """
)

#: After the message id.
OPEN_ORDER = _fields(
    """
    orderId conId symbol secType expiry strike right multiplier exchange currency localSymbol
    tradingClass action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose
    origin=0 orderRef clientId permId outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime
    deprecatedSharesAllocation faGroup faMethod faPercentage faProfile!176 modelCode goodTillDate
    rule80A percentOffset settlingFirm shortSaleSlot=0 designatedLocation exemptCode=-1
    auctionStrategy=0 startingPrice stockRefPrice delta stockRangeLower stockRangeUpper
    displaySize=unsetint blockOrder=0 sweepToFill=0 allOrNone=0 minQty ocaType=3 eTradeOnly=0
    firmQuoteOnly=0 nbboPriceCap parentId triggerMethod=0 volatility volatilityType=0
    deltaNeutralOrderType=None deltaNeutralAuxPrice deltaNeutralConId=0 deltaNeutralSettlingFirm
    deltaNeutralClearingAccount deltaNeutralClearingIntent deltaNeutralOpenClose=?
    deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0 deltaNeutralDesignatedLocation
    continuousUpdate=0 referencePriceType=0 trailStopPrice trailingPercent basisPoints
    basisPointsType comboLegsDescrip nComboLegs=0 nOrderComboLegs=0 nSmartComboParams=0
    scaleInitLevelSize=unsetint scaleSubsLevelSize=unsetint scalePriceIncrement SCALE hedgeType
    HEDGE optOutSmartRouting=0 clearingAccount clearingIntent=IB notHeld=0
    deltaNeutralContractPresent=0 DELTA_CONTRACT algoStrategy ALGO solicited=0 whatIf=0 status
    initMarginBefore=unset maintMarginBefore=unset equityWithLoanBefore=unset
    initMarginChange=unset maintMarginChange=unset equityWithLoanChange=unset
    initMarginAfter=unset maintMarginAfter=unset equityWithLoanAfter=unset commission
    minCommission maxCommission commissionCurrency warningText randomizeSize=0 randomizePrice=0
    PEG_BENCH nConditions=0 CONDITIONS adjustedOrderType=None triggerPrice=unset
    trailStopPriceAgain=unset lmtPriceOffset=unset adjustedStopPrice=unset
    adjustedStopLimitPrice=unset adjustedTrailingAmount=unset adjustableTrailingUnit=0
    softDollarTierName softDollarTierVal softDollarTierDisplayName cashQty=0
    dontUseAutoPriceForHedge=1 isOmsContainer=0 discretionaryUpToLimitPrice=0 usePriceMgmtAlgo=0
    duration=unsetint@158 postToAts=unsetint@160 autoCancelParent=0@162 minTradeQty@170
    minCompeteSize@170 competeAgainstBestOffset@170 midOffsetAtWhole@170 midOffsetAtHalf@170
    """
)

#: After the message id.
COMPLETED_ORDER = _fields(
    """
    conId symbol secType expiry strike right multiplier exchange currency localSymbol tradingClass
    action totalQuantity orderType lmtPrice auxPrice tif ocaGroup account openClose origin=0
    orderRef permId outsideRth=0 hidden=0 discretionaryAmt=0 goodAfterTime faGroup faMethod
    faPercentage faProfile!176 modelCode goodTillDate rule80A percentOffset settlingFirm
    shortSaleSlot=0 designatedLocation exemptCode=-1 startingPrice stockRefPrice delta
    stockRangeLower stockRangeUpper displaySize=unsetint sweepToFill=0 allOrNone=0 minQty ocaType=3
    triggerMethod=0 volatility volatilityType=0 deltaNeutralOrderType=None deltaNeutralAuxPrice
    deltaNeutralConId=0 deltaNeutralShortSale=0 deltaNeutralShortSaleSlot=0
    deltaNeutralDesignatedLocation continuousUpdate=0 referencePriceType=0 trailStopPrice
    trailingPercent comboLegsDescrip nComboLegs=0 nOrderComboLegs=0 nSmartComboParams=0
    scaleInitLevelSize=unsetint scaleSubsLevelSize=unsetint scalePriceIncrement SCALE hedgeType
    HEDGE clearingAccount clearingIntent=IB notHeld=0 deltaNeutralContractPresent=0 DELTA_CONTRACT
    algoStrategy ALGO solicited=0 status randomizeSize=0 randomizePrice=0 PEG_BENCH nConditions=0
    CONDITIONS trailStopPriceAgain=unset lmtPriceOffset=unset cashQty=0 dontUseAutoPriceForHedge=1
    isOmsContainer=0 autoCancelDate filledQuantity refFuturesConId=unsetint autoCancelParent=0
    shareholder=No_insider imbalanceOnly=0 routeMarketableToBbo=0
    parentPermId=unsetlong completedTime completedStatus minTradeQty@170 minCompeteSize@170
    competeAgainstBestOffset@170 midOffsetAtWhole@170 midOffsetAtHalf@170
    """
)
