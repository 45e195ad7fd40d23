//! The one place that chooses between languages, and what every language must be able to say. No words stand here.

use dateline_events::kinds::Relation;
use dateline_events::{Event, Language, Lasted, Qualifier, Range, Region, Severity, Symptom};
use jiff::civil::Date;

use super::clock::{Around, Phrase, Style, Zone};
use super::credit::Credit;
use super::edit::SaidEdit;
use super::names::Names;
use super::source_edit::{EditedWhen, SourceEdit};
pub(super) use super::summary::{AcknowledgedOf, End, FirstSeen, Owned, Says, Summary, Unrestored};
use super::{bn, en};
use crate::model::{MilestoneKind, State};
use crate::rows::Nature;

/// A language that timelines are told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Bengali as written in India.
    Bn,
    /// Bengali as written in Bangladesh.
    BnBd,
}

impl Lang {
    /// Every language that is written.
    pub const ALL: [Self; 3] = [Self::En, Self::Bn, Self::BnBd];

    /// Reads a BCP 47 tag, by its primary subtag; None for a language that nobody has written yet.
    pub fn parse(tag: &str) -> Option<Self> {
        let language = Language::parse(tag)?;
        let in_bangladesh = tag.split('-').skip(1).any(|part| part.eq_ignore_ascii_case("BD"));
        match language.primary().to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "bn" if in_bangladesh => Some(Self::BnBd),
            "bn" => Some(Self::Bn),
            _ => None,
        }
    }

    /// Its BCP 47 tag, by which texts are looked up too.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Bn => "bn",
            Self::BnBd => "bn-BD",
        }
    }

    /// What its readers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::En => en::NAME,
            Self::Bn => bn::NAME,
            Self::BnBd => bn::NAME_IN_BANGLADESH,
        }
    }

    /// A sentence of our own, as this language's readers write it.
    pub(super) fn own(self, told: String) -> String {
        if self == Self::BnBd { bn::own_as_in_bangladesh(&told) } else { told }
    }

    /// True for a tag of the same primary language.
    pub(super) fn reads(self, tag: &str) -> bool {
        tag.split('-').next().is_some_and(|primary| self.tag().split('-').next() == Some(primary))
    }
}

/// The short labels of a language, where no grammar is needed.
pub(super) struct Words {
    pub(super) other_figures: &'static str,
    pub(super) wordings: &'static str,
    pub(super) silent: &'static str,
    pub(super) silent_hour_unknown: &'static str,
    pub(super) silent_outdated: &'static str,
    pub(super) how_long: &'static str,
    pub(super) place_not_said: &'static str,
    pub(super) dated_start: &'static str,
    pub(super) elsewhere: &'static str,
    pub(super) between_sentences: &'static str,
    pub(super) also: &'static str,
    pub(super) not_shown: &'static str,
    pub(super) headings: [&'static str; 4],
    pub(super) unusual_reports: &'static str,
}

/// What is told of a statement: the words in the best language there is, and who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spoken {
    pub(super) words: String,
    pub(super) speaker: Option<String>,
    pub(super) organisation: Option<String>,
}

/// Where a sentence stands: what it need not say, and what its neighbours know better.
#[derive(Debug, Clone, Default)]
pub(super) struct Setting<'a> {
    /// The milestone that it is.
    pub(super) milestone: Option<MilestoneKind>,
    /// The region that the story is told for.
    pub(super) opening_region: Option<&'a str>,
    /// True where it is told of other regions too.
    pub(super) has_further_regions: bool,
    /// True where it is over there and not everywhere.
    pub(super) is_open_elsewhere: bool,
    /// The statement in the language of the telling, where one exists.
    pub(super) spoken: Option<Spoken>,
    /// For an acknowledgment closed by the fold: by when.
    pub(super) by: Option<String>,
    /// Whose the service is.
    pub(super) vendor: Option<String>,
    /// True for what stands on its vendor's page: its words are told as quoted.
    pub(super) is_vendors: bool,
    /// The window of planned work.
    pub(super) window: Option<String>,
    /// True of planned work that somebody said before is under way.
    pub(super) is_under_way: bool,
    /// When it happened, as an adverb, and whether something can be dated to that.
    pub(super) time: Option<(String, bool)>,
}

impl Setting<'_> {
    /// True where these regions must be named: the story is not told for one of them alone.
    pub(super) fn names(&self, regions: &[Region]) -> bool {
        regions.first().is_some_and(|first| self.has_further_regions || self.opening_region != Some(first.as_str()))
    }

    /// The same of a restoration, which the region that the story is told for need not name while it is over everywhere.
    pub(super) fn names_of_end(&self, regions: &[Region]) -> bool {
        regions.first().is_some_and(|first| self.is_open_elsewhere || self.opening_region != Some(first.as_str()))
    }
}

/// A rating in the rater's own word, where it gives one.
pub(super) fn rated(event: &Event, severity: Severity) -> String {
    let own = event.common.reference.as_ref().and_then(|reference| reference.status.as_deref());
    let common = match severity {
        Severity::None => "none",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    };
    own.map_or_else(|| common.to_owned(), super::clean::clean)
}

/// What a reader is warned of.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    Disputed {
        reason: Option<String>,
        given: Option<String>,
    },
    Confirmed {
        reason: Option<String>,
        given: Option<String>,
    },
    Preferred {
        reason: Option<String>,
        given: Option<String>,
    },
    Unsupported {
        reason: Option<String>,
        given: Option<String>,
    },
    /// Why a desk found no support, under a heading that says so already.
    Reason {
        reason: Option<String>,
        given: Option<String>,
    },
    Lapsed {
        see: Option<(String, bool)>,
    },
    Outdated {
        see: Option<(String, bool)>,
    },
    Correction {
        who: String,
        reason: Option<String>,
        changes: Vec<(String, String, String)>,
    },
    Clarified {
        who: String,
        reason: Option<String>,
        changes: Vec<(String, String, String)>,
    },
    SourceEdit(SourceEdit),
    Retracted {
        who: String,
        announced: bool,
        when: Option<EditedWhen>,
        reason: Option<String>,
    },
    /// What had left a list stood on it again.
    ListedAgain {
        who: String,
        when: Option<String>,
    },
    Redacted,
    /// Under `at`: it may have happened by then.
    Possible,
}

/// A claim in a list: when, whose, and what more is said of it.
#[derive(Debug, Clone)]
pub(super) struct ToldClaim {
    pub(super) time: String,
    pub(super) headline: Option<String>,
    /// The words of a statement, where they are others than those that are told, with who says them.
    pub(super) spoken: Option<(Option<String>, String)>,
    /// True where its own source, or a desk, calls it disputed.
    pub(super) is_disputed: bool,
    pub(super) credit: Credit,
    /// The source's own words for the time, given where the zone is only assumed.
    pub(super) wording: Option<String>,
    /// The told time, where the same source names it too.
    pub(super) also_told: Option<String>,
}

/// In what claims of one milestone differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Differing {
    /// In when it was.
    Times,
    /// In why it was.
    Causes,
    /// In what they say of the same time.
    Words,
}

/// The spread of claims that are not unfolded.
#[derive(Debug, Clone)]
pub(super) struct Spread {
    pub(super) first: String,
    pub(super) last: Option<String>,
    pub(super) sources: usize,
    pub(super) regions: Vec<String>,
}

/// One difference between two states of a timeline.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Moved { milestone: MilestoneKind, from: String, to: String, because: Option<String> },
    Appeared { milestone: MilestoneKind, told: String, because: Option<String> },
    Disappeared { milestone: MilestoneKind, told: String },
    State { from: State, to: State },
    Title { from: String, to: String },
    Added { heads: Vec<String> },
    AddedInside { count: usize },
    Removed { heads: Vec<String> },
    Corrected { who: String, member: String, from: String, to: String, reason: Option<String> },
    Retracted { who: String, head: String, reason: Option<String> },
    Verdict { who: String, mark: Mark },
    None,
}

/// What a reader must know of the axes.
#[derive(Debug, Clone)]
pub(super) enum Note {
    /// The restoration that is told lies before the first sign.
    RestoredBeforeFirstSeen,
    AcknowledgedBeforeFirstSeen,
    StatedBeforeItHappened,
    NothingCertain {
        by: String,
        possibly: usize,
    },
    KnownAt {
        by: String,
        possibly: usize,
    },
    At {
        time: String,
    },
    AsOf {
        position: u64,
    },
    WithoutEffect {
        count: usize,
    },
}

/// Chooses the language's own function, by one name in every language.
macro_rules! say {
    ($self:expr, $function:ident ( $($argument:expr),* )) => {
        match $self {
            Lang::En => en::$function($($argument),*),
            Lang::Bn | Lang::BnBd => bn::$function($self, $($argument),*),
        }
    };
}

impl Lang {
    pub(super) fn words(self) -> &'static Words {
        say!(self, words())
    }

    pub(super) fn state(self, state: State) -> &'static str {
        say!(self, state(state))
    }

    pub(super) fn time(self, phrase: &Phrase, style: Style, around: Around) -> String {
        say!(self, time(phrase, style, around))
    }

    pub(super) fn full_date(self, date: Date) -> String {
        say!(self, full_date(date))
    }

    /// In whose time it is told; of several names of its clocks in the order in which they held, each name once or more.
    pub(super) fn zone_note(self, zone: &Zone, clocks: &[String]) -> String {
        say!(self, zone_note(zone, clocks))
    }

    /// The same in few words, beside times.
    pub(super) fn zone_words(self, zone: &Zone, clocks: &[String]) -> String {
        say!(self, zone_words(zone, clocks))
    }

    /// Services and date.
    pub(super) fn kicker(self, services: &[String], date: Option<&str>) -> String {
        say!(self, kicker(services, date))
    }

    /// `reports_only`: nothing but counts of reports is known of it.
    pub(super) fn title(self, services: &[String], nature: Nature, reports_only: bool, date: Option<&str>) -> String {
        say!(self, title(services, nature, reports_only, date))
    }

    /// How an incident is linked to another, by that one's title; `is_from`: the link begins at this one.
    pub(super) fn linked(self, relation: Relation, is_from: bool, title: &str) -> String {
        say!(self, linked(relation, is_from, title))
    }

    pub(super) fn number(self, value: u64) -> String {
        say!(self, number(value))
    }

    pub(super) fn duration(self, range: Range) -> String {
        say!(self, duration(range))
    }

    pub(super) fn lasted(self, lasted: &Lasted) -> String {
        say!(self, lasted(lasted.minutes, lasted.qualifier))
    }

    pub(super) fn lasted_minutes(self, minutes: u32, qualifier: Option<Qualifier>) -> String {
        say!(self, lasted(minutes, qualifier))
    }

    pub(super) fn region(self, code: &str) -> String {
        say!(self, region(code))
    }

    pub(super) fn language(self, tag: &str) -> String {
        say!(self, language(tag))
    }

    pub(super) fn sentence(self, event: &Event, names: &Names) -> String {
        self.sentence_in(event, names, &Setting::default())
    }

    pub(super) fn sentence_in(self, event: &Event, names: &Names, setting: &Setting) -> String {
        say!(self, sentence(event, names, setting))
    }

    /// Counts and shares alone; `known` are the symptoms that the entry has already named.
    pub(super) fn figures(self, event: &Event, known: &[Symptom]) -> String {
        say!(self, figures(event, known))
    }

    pub(super) fn credit(self, credit: &Credit, long: bool) -> String {
        say!(self, credit(credit, long))
    }

    /// The sentence with whom it rests on, and with the stop that the language puts at its end.
    pub(super) fn finish(self, sentence: &str, credit: &str) -> String {
        say!(self, finish(sentence, credit))
    }

    /// The first sign's sentence, with who else names the same time.
    pub(super) fn first_reports(self, sentence: &str, credit: &Credit, agreeing: &[String]) -> String {
        say!(self, first_reports(sentence, credit, agreeing))
    }

    /// A sentence with who else says the same.
    pub(super) fn agreeing(self, sentence: &str, agreeing: &[String]) -> String {
        say!(self, agreeing(sentence, agreeing))
    }

    /// A negative claim, with who says it before it.
    pub(super) fn says(self, who: &str, sentence: &str) -> String {
        say!(self, says(who, sentence))
    }

    /// The sentence that states a cause, with when that acted.
    pub(super) fn acted(self, sentence: &str, time: &str, is_point: bool) -> String {
        say!(self, acted(sentence, time, is_point))
    }

    pub(super) fn mark(self, mark: &Mark) -> String {
        say!(self, mark(mark))
    }

    pub(super) fn claim(self, claims: &[ToldClaim]) -> String {
        say!(self, claim(claims))
    }

    pub(super) fn claims_label(self, differing: Differing, region: Option<&str>) -> String {
        say!(self, claims_label(differing, region))
    }

    /// Who printed the text of another that is told already.
    pub(super) fn copied(self, sentence: &str, outlets: &[String]) -> String {
        say!(self, copied(sentence, outlets))
    }

    pub(super) fn spread(self, here: Option<&Spread>, elsewhere: Option<&Spread>) -> String {
        say!(self, spread(here, elsewhere))
    }

    pub(super) fn outlets(self, count: usize) -> String {
        say!(self, outlets(count))
    }

    pub(super) fn wording_without(self, who: &str, missing: &[String]) -> String {
        say!(self, wording_without(who, missing))
    }

    pub(super) fn same_in(self, language: &str, who: &[(String, Option<String>)]) -> String {
        say!(self, same_in(language, who))
    }

    pub(super) fn original(self, language: &str, credit: &str) -> String {
        say!(self, original(language, credit))
    }

    pub(super) fn summary(self, summary: &Summary) -> Vec<String> {
        say!(self, summary(summary))
    }

    pub(super) fn note(self, note: &Note) -> String {
        say!(self, note(note))
    }

    pub(super) fn change(self, change: &Change) -> String {
        self.own(say!(self, change(change)))
    }

    pub(super) fn edit(self, edit: &SaidEdit) -> String {
        self.own(say!(self, edit(edit)))
    }

    /// Which entries are shown, of how many, and where the next are.
    pub(super) fn stretch(self, numbers: [String; 3], next: Option<&str>) -> String {
        say!(self, stretch(numbers, next))
    }

    /// The genitive of a name.
    pub(super) fn genitive(self, name: &str) -> String {
        say!(self, genitive(name))
    }

    pub(super) fn severity(self, severity: Severity) -> &'static str {
        say!(self, severity(severity))
    }
}
