//! Texts like people's: few words are said all the time, and many now and then.

/// Numbers without a pattern, the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    pub(crate) fn up_to(&mut self, count: usize) -> usize {
        usize::try_from(self.roll()).unwrap() % count
    }
}

const SYLLABLES: [&str; 32] = [
    "ba", "be", "chi", "da", "den", "er", "fo", "ga", "hal", "in", "ju", "ka", "la", "lo", "ma",
    "mi", "na", "no", "ol", "pa", "qui", "ra", "re", "sa", "sto", "ta", "tü", "ul", "ver", "wa",
    "xe", "zo",
];

/// Words as often as in a language: the n-th most frequent one an n-th as often as the first
/// (Zipf's law), and the frequent ones short.
pub(crate) struct Language {
    words: Vec<String>,
    /// Where in all that is said each word ends.
    ends: Vec<f64>,
}

impl Language {
    pub(crate) fn new(count: u32) -> Self {
        let mut dice = Dice(1);
        let words = (1..=count).map(|n| {
            let syllables = 1 + usize::try_from(n.ilog2()).unwrap() / 4 + dice.up_to(2);
            (0..syllables).map(|_| SYLLABLES[dice.up_to(32)]).collect()
        });
        let words = words.collect();
        let mut end = 0.0;
        let ends = (1..=count).map(|n| {
            end += 1.0 / f64::from(n);
            end
        });
        Self { words, ends: ends.collect() }
    }

    pub(crate) fn word(&self, dice: &mut Dice) -> &str {
        let all = self.ends.last().unwrap();
        let at = f64::from(u32::try_from(dice.roll() >> 1).unwrap()) / f64::from(1 << 30) * all;
        &self.words[self.ends.partition_point(|end| *end < at).min(self.words.len() - 1)]
    }

    /// A message of 2 to 25 words.
    pub(crate) fn message(&self, dice: &mut Dice) -> String {
        let words: Vec<&str> = (0..2 + dice.up_to(24)).map(|_| self.word(dice)).collect();
        words.join(" ")
    }

    /// What somebody types who searches: a word of the language, or its beginning, of at least two
    /// letters.
    pub(crate) fn begun(&self, dice: &mut Dice) -> String {
        let word: Vec<char> = self.word(dice).chars().collect();
        let len = 2 + dice.up_to(word.len().saturating_sub(2) + 1);
        word.into_iter().take(len).collect()
    }
}
