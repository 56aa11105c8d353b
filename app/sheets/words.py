"""The Chinese that a clerk reads in a table: sheets, columns that no resource has, and the values of lists.

A value without a word here is shown as the code it is.
"""

# What the values of enumerations are called; within one enumeration no two are called the same.
LABELS = {
    # levels of regions
    "province": "省级",
    "prefecture": "地级",
    "county": "县级",
    # categories of concepts
    "childcare": "幼有所育",
    "education": "学有所教",
    "work": "劳有所得",
    "health": "病有所医",
    "ageing": "老有所养",
    "housing": "住有所居",
    "support": "弱有所扶",
    "veterans": "优军服务保障",
    "culture": "文体服务保障",
    # strength of rules, firmness of standards
    "entitlement": "应享",
    "target_group": "重点对象",
    "pilot": "试点",
    "commitment": "承诺",
    "aim": "力争",
    "encouragement": "鼓励",
    # measures
    "amount": "金额",
    "ratio": "比率",
    "deadline": "期限",
    "distance": "距离",
    "frequency": "频次",
    "coverage": "覆盖",
    "count": "数量",
    "level": "水平",
    # comparators
    "equal": "等于",
    "at_least": "不低于",
    "more_than": "高于",
    "at_most": "不超过",
    "less_than": "低于",
    "about": "约",
    "range": "区间",
    # periods and spans
    "annual": "年度",
    "five_years": "五年",
    "annual_growth": "年均增长",
    # indicators
    "binding": "约束性",
    "expected": "预期性",
    "none": "印为横线",
    "lost": "原文缺失",
    "absent": "无此数值",
    # basis of a source
    "stated": "写明",
    "named": "名称中读出",
    "defined": "定义",
    "derived": "推算",
    # facts
    "boolean": "是否",
    "integer": "整数",
    "date": "日期",
    "enumeration": "选项",
    "region": "行政区划",
    "person": "个人",
    "household": "家庭",
    "with_time": "随时间变化",
    "never": "不变",
    "not_by_choice": "不由本人选择",
    "by_choice": "可由本人选择",
    # discrepancies
    "table_against_text": "表格与正文不符",
    "total_against_parts": "总数与分项不符",
    "one_year_against_five_years": "一年与五年混淆",
    "growth_does_not_follow": "增速推不出",
    "same_name_two_values": "同名两值",
    "scope_differs": "口径不同",
    "unit_differs": "单位不同",
    "misfiled": "归类错位",
    "numbering": "编号有误",
    "other": "其他",
}

# Sheets besides those of the kinds; a CSV file of the same name holds the same.
ABOUT, SOURCES, WITHDRAWALS, LONG_TEXTS = "说明", "出处", "撤销", "续文"

# Columns that say which row or resource a line is about, and at which day and release it was read.
KIND, SLUG, NUMBER, COLUMN, TEXT, NAME = "类别", "标识", "序号", "列", "内容", "名称"
DAY, REASON = "撤销日期", "撤销原因"
ON, RELEASE = "查询日期", "查询发布号"

YES, NO = "是", "否"
CONTINUED = "（内容过长，见工作表“续文”）"

# Titles of what is written but not shown on the wire, and of parts whose own would not tell them apart.
TITLES = {
    "text_coverage": "原文覆盖",
    "figure_sentences_quoted": "含数字的句子已引用",
    "claim_sentences_quoted": "含权益用语的句子已引用",
}

HOW_TO_FILL_IN = {
    "text": "文字，不换行",
    "integer": "整数",
    "number": "数字",
    "boolean": "下拉选择：是、否",
    "day": "日期，如 2024-06-01",
    "choice": "下拉选择",
    "lines": "每行一项（单元格内按 Alt+Enter 换行）",
    "json": "JSON，保持引号和括号成对",
}
