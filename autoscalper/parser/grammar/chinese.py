"""Chinese trading terms, simplified and traditional, and what they mean to the grammar."""

from __future__ import annotations

from autoscalper.parser.grammar.lexicon import Meaning as _M

_TERM_TABLE: dict[_M, str] = {
    _M.BUY_TO_OPEN: "买入开仓 買入開倉 开仓 開倉 建仓 建倉 买入 買入 买进 買進 进场 進場 入场 入場 开多 開多 买了 買了 上车 上車",
    _M.SELL_TO_CLOSE: "卖出平仓 賣出平倉 平仓 平倉 清仓 清倉 全部卖出 全部賣出 全出 出完 清掉 离场 離場 全部出 止盈离场 止盈出局 止盈離場",
    _M.SELL: "卖出 賣出 卖掉 賣掉 卖了 賣了 卖 賣 出了 出掉 出",
    _M.TRIM: "减仓 減倉 减了 減了 减 減 部分止盈 减持 減持 分批止盈 先出 出部分",
    _M.ADD: "加仓 加倉 加了 补仓 補倉 加了点仓 摊平 攤平",
    _M.AVERAGE: "均价 均價 成本价 成本 平均",
    _M.STOPPED: "止损了 止損了 已止损 已止損 打止损 被止损 触发止损 止损出局 止损离场 止損出局 止損離場",
    _M.STOP: "止损价 止損價 止损 止損",
    _M.BREAK_EVEN: "保本 打平 成本价位",
    _M.TARGET: "目标价 目標價 目标 目標 止盈价 止盈位 止盈 止盈價",
    _M.CALL: "看涨期权 看漲期權 看涨 看漲 认购 認購 多单",
    _M.PUT: "看跌期权 看跌期權 看跌 认沽 認沽 空单",
    _M.STRIKE: "行权价 行權價 行使价",
    _M.EXPIRY_WORD: "到期日 到期",
    _M.TODAY: "今天 今日 当日 當日 末日期权 末日",
    _M.TOMORROW: "明天 明日",
    _M.WEEKLY: "本周五 这周五 這週五 本周 这周 這週 本週 周五 週五",
    _M.NEXT: "下周五 下週五 下周 下週",
    _M.CHINESE_MONTH: "月",
    _M.HALF: "一半 半仓 半倉",
    _M.THIRD: "三分之一",
    _M.TWO_THIRDS: "三分之二",
    _M.QUARTER: "四分之一",
    _M.THREE_QUARTERS: "四分之三",
    _M.ALL: "全部 所有人 所有",
    _M.REST: "剩余 剩下 剩餘 其余",
    _M.NOT: "不 没 沒 未 别 別 勿",
    _M.IF: "如果 若 要是 假如 突破 跌破 站稳",
    _M.FUTURE: "准备 準備 计划 計劃 可能 打算 考虑 考慮 将 想 会 會 等待 等 可以",
    _M.PAST: "昨天 昨晚 之前 上周 昨日 刚才",
    _M.WATCH: "关注 關注 观察 觀察 观望",
    _M.QUOTED: "上面 转发 轉發 引用",
    _M.ASK: "什么 什麼 谁 誰 怎么 怎麼 有没有",
    _M.QUESTION_MARK: "吗 嗎",
    _M.OTHERS: "有人 别人 大家 你们",
    _M.MOVE: "提到 移到 上移到 上移 设在 設在 设到 调到 調到 改到 抬到 设置 上调到",
    _M.SHARES: "正股 股票 股",
    _M.SPREAD: "价差 價差",
    _M.WRITE: "卖出开仓 賣出開倉 卖方",
    _M.RISKY: "高风险 高風險 彩票单 彩票單 彩票",
    _M.LIGHT: "小仓位 小倉位 小仓 轻仓 輕倉",
    _M.SELF: "我",
    _M.PRICE_WORD: "价格 價格 入场价 进场价 入場價 进价 买入价",
    _M.CONTRACTS: "张 張 手",
    _M.STATUS: "收益 盈利 现在 現在 翻倍",
    _M.FILLER: "出现 出现了 出来 突出 出发 出手 输出 出于 卖方 买卖 卖压 美元 分享 日内交易 期权 期權 日 号 號 單 单 这笔 這筆 了 的 在 附近",
}

CHINESE_TERMS: dict[str, _M] = {
    term: meaning for meaning, terms in _TERM_TABLE.items() for term in terms.split()
}
