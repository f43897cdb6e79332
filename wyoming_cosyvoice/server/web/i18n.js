// The words of the page. Every language has every key; a test compares them.

export const WORDS = {
  en: {
    skip: "Skip to the text", pageLanguage: "Language of this page", text: "Text", examples: "Examples",
    speaks: "Voices that speak", all: "any language", voice: "Voice", automatic: "Automatic, by language",
    audition: "Audition", speed: "Speed", speak: "Speak", stop: "Stop", explain: "Show how it is read",
    download: "Download", heard: "What was said", waveform: "Waveform of what was said",
    spectrogram: "Spectrogram of what was said", plan: "How it is read", use: "Use it elsewhere", copy: "Copy",
    copied: "Copied", server: "Server", token: "Token", models: "Models", api: "API documentation",
    install: "Install", remove: "Remove", choose: "Use", inUse: "in use", installed: "installed",
    installing: "Installing", ready: "Ready", lost: "The server does not answer. Trying again …",
    queue: "waiting", factor: "Real-time factor", first: "First audio", requests: "Requests", cache: "From the cache",
    version: "Version", nothing: "Type something first.", silence: "Nothing to say in this text.",
    figures: "{duration} s of audio, first sound after {first} s, real-time factor {factor}", experimental: "experimental",
    hello: "Hello, this is how I sound.",
  },
  zh: {
    skip: "跳到文本", pageLanguage: "页面语言", text: "文本", examples: "示例",
    speaks: "会说", all: "任何语言", voice: "声音", automatic: "自动，按语言选择",
    audition: "试听", speed: "语速", speak: "朗读", stop: "停止", explain: "看看怎么读",
    download: "下载", heard: "刚才的声音", waveform: "刚才声音的波形",
    spectrogram: "刚才声音的频谱图", plan: "怎么读", use: "在别处使用", copy: "复制",
    copied: "已复制", server: "服务器", token: "令牌", models: "模型", api: "接口文档",
    install: "安装", remove: "删除", choose: "使用", inUse: "使用中", installed: "已安装",
    installing: "正在安装", ready: "就绪", lost: "服务器没有响应，正在重试……",
    queue: "等待中", factor: "实时率", first: "首个声音", requests: "请求数", cache: "来自缓存",
    version: "版本", nothing: "请先输入文本。", silence: "这段文本里没有可读的内容。",
    figures: "音频 {duration} 秒，{first} 秒后出声，实时率 {factor}", experimental: "试验",
    hello: "你好，我的声音是这样的。",
  },
  ja: {
    skip: "本文へ移動", pageLanguage: "ページの言語", text: "テキスト", examples: "例文",
    speaks: "話せる言語", all: "すべて", voice: "声", automatic: "自動（言語で選ぶ）",
    audition: "試聴", speed: "速さ", speak: "読み上げ", stop: "停止", explain: "読み方を見る",
    download: "ダウンロード", heard: "読み上げた音声", waveform: "読み上げた音声の波形",
    spectrogram: "読み上げた音声のスペクトログラム", plan: "読み方", use: "ほかで使う", copy: "コピー",
    copied: "コピーしました", server: "サーバー", token: "トークン", models: "モデル", api: "API の説明",
    install: "インストール", remove: "削除", choose: "使う", inUse: "使用中", installed: "インストール済み",
    installing: "インストール中", ready: "準備完了", lost: "サーバーが応答しません。再接続しています…",
    queue: "待機中", factor: "実時間係数", first: "最初の音", requests: "リクエスト", cache: "キャッシュから",
    version: "バージョン", nothing: "先にテキストを入力してください。", silence: "読み上げるものがありません。",
    figures: "音声 {duration} 秒、最初の音まで {first} 秒、実時間係数 {factor}", experimental: "試験的",
    hello: "こんにちは、こんな声です。",
  },
  ko: {
    skip: "본문으로 이동", pageLanguage: "페이지 언어", text: "텍스트", examples: "예문",
    speaks: "말할 수 있는 언어", all: "모든 언어", voice: "목소리", automatic: "자동 (언어에 따라)",
    audition: "미리 듣기", speed: "속도", speak: "읽기", stop: "정지", explain: "읽는 방법 보기",
    download: "내려받기", heard: "방금 읽은 소리", waveform: "방금 읽은 소리의 파형",
    spectrogram: "방금 읽은 소리의 스펙트로그램", plan: "읽는 방법", use: "다른 곳에서 쓰기", copy: "복사",
    copied: "복사했습니다", server: "서버", token: "토큰", models: "모델", api: "API 문서",
    install: "설치", remove: "삭제", choose: "사용", inUse: "사용 중", installed: "설치됨",
    installing: "설치하는 중", ready: "준비됨", lost: "서버가 응답하지 않습니다. 다시 시도하는 중…",
    queue: "대기 중", factor: "실시간 계수", first: "첫 소리", requests: "요청", cache: "캐시에서",
    version: "버전", nothing: "먼저 텍스트를 입력하세요.", silence: "읽을 내용이 없습니다.",
    figures: "음성 {duration}초, 첫 소리까지 {first}초, 실시간 계수 {factor}", experimental: "실험적",
    hello: "안녕하세요, 제 목소리는 이렇습니다.",
  },
};

export const EXAMPLES = {
  zh: "打开 Living Room 的灯，把空调调到 26℃。",
  en: "The front door is open, and it is 21.5 °C in the living room.",
  ja: "明日の最高気温は18度、降水確率は30%です。",
  ko: "거실 조명을 켰습니다. 지금은 오후 3시 30분입니다.",
  yue: "今日好熱，記得開冷氣呀。",
};

export const HELLO = {
  zh: WORDS.zh.hello, en: WORDS.en.hello, ja: WORDS.ja.hello, ko: WORDS.ko.hello, yue: "你好，我把聲係咁㗎。",
};

export const LANGUAGE_NAMES = { zh: "中文", en: "English", ja: "日本語", ko: "한국어", yue: "粵語" };

export function preferred(languages = navigator.languages) {
  for (const tag of languages) {
    const base = tag.toLowerCase().split("-")[0];
    if (base === "yue") return "zh";
    if (WORDS[base]) return base;
  }
  return "en";
}
