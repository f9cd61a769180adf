package words

import (
	_ "embed"
	"strings"
)

//go:embed zh.txt
var chineseTable string

var chinese = newLanguage("zh", chineseTable, grammar{
	percent: "%", others: "等",
	points: func(text string) string { return text + " 个百分点" },
	times:  func(n int64) string { return Count(n) + " 次" },
	less:   func(text string) string { return "不到 " + text },
	more:   func(n int64) string { return " 等另外 " + Count(n) + " 个" },
	list: func(words []string) string {
		if len(words) < 2 {
			return strings.Join(words, "")
		}
		return strings.Join(words[:len(words)-1], "、") + " 和 " + words[len(words)-1]
	},
}, false)
