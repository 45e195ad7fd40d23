//! What a key with one prefix alone may try: every kind of event and act, on its own events and on others', each with what the door must
//! answer. Chance varies the rest, from a number that is given.

use serde_json::{Map, Value, json};

use super::event;
use crate::support::OUTAGE;

/// The publisher.
pub const OWN: &str = "/services/x";

/// A word that stands in every text of it, and nowhere else.
pub const MARK: &str = "FAKE";

/// The id of an event of the same publisher that somebody else, with more rights, had read in an outlet.
pub const CITED: &str = "cited";

/// That event.
pub fn cited() -> Value {
    let press = json!({"slug": "pune-prime", "role": "read_in", "kind": "press", "name": {"en": "Pune Prime", "bn": "পুনে প্রাইম"}});
    let data = json!({"occurred": {"at": "2022-10-25T13:07+05:30[Asia/Kolkata]"}, "status": "monitoring", "sources": [press]});
    event(OWN, CITED, "vendor.updated", "whatsapp", &data)
}

/// An event, and whether the door takes it.
pub struct Attempt {
    pub what: &'static str,
    pub event: Value,
    pub is_taken: bool,
}

/// A series of attempts.
pub struct Attempts {
    state: u64,
    number: u64,
    incident: String,
    others: Vec<(String, Value)>,
    /// Its own events that were taken: id and kind.
    own: Vec<(String, &'static str)>,
}

/// The kinds that speak of the world, which everybody may say as itself.
const WORLD: [&str; 15] = [
    "anomaly.detected",
    "reports.observed",
    "reports.subsided",
    "scope.changed",
    "vendor.acknowledged",
    "vendor.updated",
    "service.restored",
    "cause.stated",
    "followup.reported",
    "context.added",
    "vendor.silent",
    "maintenance.announced",
    "maintenance.started",
    "maintenance.completed",
    "service.registered",
];

impl Attempts {
    /// Attempts upon an incident of the outage.
    pub fn upon(incident: &str, seed: u64) -> Self {
        let others = OUTAGE.lines().map(|line| serde_json::from_str(line).unwrap());
        let others = others.map(|event: Value| (event["id"].as_str().unwrap().to_owned(), event));
        Self { state: seed | 1, number: 0, incident: incident.to_owned(), others: others.collect(), own: Vec::new() }
    }

    fn chance(&mut self, of: usize) -> usize {
        // xorshift64 (Marsaglia, 2003).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % of as u64).unwrap()
    }

    fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.chance(of.len())].clone()
    }

    fn text(&mut self) -> String {
        format!("{MARK} number {}", self.number)
    }

    fn another(&mut self) -> Value {
        let place = self.chance(self.others.len());
        json!({"source": "/desks/demo", "id": self.others[place].0})
    }

    fn another_that_speaks(&mut self) -> Value {
        let said: Vec<String> = self.others.iter().filter(|(_, event)| event["data"]["statement"].is_object()).map(|(id, _)| id.clone()).collect();
        json!({"source": "/desks/demo", "id": self.one_of(&said)})
    }

    /// One of its own events, there or yet to come.
    fn own(&mut self) -> Value {
        match self.own.len() {
            0 => json!({"id": "later"}),
            many if self.chance(8) > 0 => json!({"id": self.own[self.state as usize % many].0}),
            _ => json!({"source": OWN, "id": format!("x{}", self.number + 1 + self.state % 5)}),
        }
    }

    fn when(&mut self) -> Value {
        let minute = 11 * 60 + self.chance(240);
        let moment = |minute: usize| format!("2022-10-25T{:02}:{:02}+05:30[Asia/Kolkata]", minute / 60, minute % 60);
        match self.chance(6) {
            0 => json!({"before": moment(minute)}),
            1 => json!({"after": {"event": self.another()}}),
            2 => json!({"between": [moment(minute), moment(minute + 5)]}),
            3 => json!({"unknown": true}),
            _ => json!({"at": moment(minute), "precision": "minute"}),
        }
    }

    /// Its own registration that was taken last.
    fn registration(&self) -> Value {
        let taken = self.own.iter().rev().find(|(_, kind)| *kind == "service.registered");
        json!({"id": taken.map_or("none", |(id, _)| id)})
    }

    fn statement_of_its_own(&mut self) -> Value {
        json!({"organisation": "meta", "quotation": {"lang": "en", "text": self.text()}})
    }

    fn statement(&mut self) -> Value {
        let text = self.text();
        let lang = self.one_of(&["en", "bn"]);
        let mut statement =
            json!({"organisation": "meta", "speaker": format!("a Meta spokesperson {MARK}"), "quotation": {"lang": lang, "text": text}});
        match self.chance(4) {
            0 => statement["same_as"] = self.own(),
            1 => statement["translation"] = json!({"of": self.another_that_speaks(), "translator": "pune-prime"}),
            _ => {}
        }
        statement
    }

    /// The members of `data` that a kind asks for, and some that it may have.
    fn data(&mut self, kind: &str) -> Map<String, Value> {
        let text = self.text();
        let mut data = Map::new();
        match kind {
            "anomaly.detected" => drop(data.insert("detected_by".into(), json!("downdetector"))),
            "reports.observed" | "reports.subsided" => drop(data.insert("counts".into(), json!([{"value": 4_242, "per": "total"}]))),
            "scope.changed" => drop(data.insert("regions".into(), json!([self.one_of(&["IN", "BD", "NP"])]))),
            "vendor.acknowledged" => drop(data.insert("statement".into(), self.statement())),
            "vendor.updated" => {
                data.insert("status".into(), json!(self.one_of(&["investigating", "identified", "monitoring", "resolved"])));
                data.insert("statement".into(), self.statement());
            }
            "service.restored" => drop(data.insert("extent".into(), json!(self.one_of(&["full", "partial", "unstable"])))),
            "cause.stated" if self.chance(3) == 0 => drop(data.insert("known".into(), json!(false))),
            "cause.stated" => drop(data.insert("statement".into(), self.statement())),
            "followup.reported" => {
                data.extend([("who".to_owned(), json!("meta")), ("to".to_owned(), json!("meity")), ("text".to_owned(), json!(text))]);
            }
            "context.added" => drop(data.insert("text".into(), json!(text))),
            "maintenance.announced" | "maintenance.started" | "maintenance.completed" => drop(data.insert("text".into(), json!(text))),
            _ => {}
        }
        data.insert("occurred".into(), self.when());
        if self.chance(3) == 0 {
            data.insert("headline".into(), json!({"en": text, "bn": text}));
        }
        if self.chance(3) == 0 {
            data.insert("reference".into(), json!({"page": "https://metastatus.com/", "id": format!("{}", self.number % 7)}));
        }
        if self.chance(3) == 0 {
            data.insert("sources".into(), self.named());
        }
        data
    }

    /// Others, named as those who are said to have said it: that needs nothing.
    fn named(&mut self) -> Value {
        let name = json!({"en": "Pune Prime", "bn": "পুনে প্রাইম"});
        let meta = json!({"slug": "meta", "role": "attributed_to", "kind": "vendor"});
        let press = json!({"slug": "pune-prime", "role": "attributed_to", "kind": "press", "name": name});
        self.one_of(&[json!([meta]), json!([press]), json!([meta, press])])
    }

    /// Where it pretends to have read it.
    fn read_in(&mut self) -> Value {
        let vendor = json!({"slug": "meta", "role": "read_in", "kind": "vendor"});
        let press = json!({"slug": "pune-prime", "role": "read_in", "kind": "press"});
        let bare = json!({"slug": "abp-ananda", "role": "read_in"});
        self.one_of(&[json!([vendor]), json!([press]), json!([bare]), json!([press, vendor])])
    }

    fn world(&mut self) -> Value {
        let kind = WORLD[usize::try_from(self.number).unwrap() % (WORLD.len() - 1)];
        let data = self.data(kind);
        self.made(kind, data)
    }

    fn made(&mut self, kind: &'static str, data: Map<String, Value>) -> Value {
        let subject = if self.chance(4) == 0 { "evil" } else { "whatsapp" };
        let mut made = event(OWN, &format!("x{}", self.number), kind, subject, &Value::Object(data));
        if self.chance(2) == 0 {
            made["incidentid"] = json!(self.incident);
        }
        made
    }

    fn act(&mut self, kind: &'static str, data: Value) -> Value {
        let Value::Object(data) = data else { unreachable!("an act's data is an object") };
        self.made(kind, data)
    }

    fn correction(&mut self, target: &Value, patch: &Value) -> Value {
        let edit_kind = self.one_of(&["error", "clarification", "source_edit"]);
        let text = self.text();
        self.act("event.corrected", json!({"event": target, "patch": patch, "edit_kind": edit_kind, "announced": false, "reason": text}))
    }

    /// The next one: the ways are gone through in turn.
    pub fn next(&mut self) -> Attempt {
        self.number += 1;
        let text = self.text();
        let (what, event, is_taken) = match self.number % 24 {
            0 => ("a statement of others translated", json!({"event": self.another_that_speaks(), "quotation": {"lang": "bn", "text": text}}), false),
            1 => ("others' statement joined", Value::Null, false),
            2 => ("others weighed", json!({"event": self.another(), "verdict": "unsupported", "reason": text}), false),
            3 => ("its own weighed", json!({"event": self.own(), "verdict": "preferred"}), false),
            4 => ("others linked", json!({"from": self.another(), "to": self.own(), "relation": "same_as"}), false),
            5 => ("others titled", json!({"event": self.another(), "title": {"en": text, "bn": text}}), false),
            6 => ("others corrected", Value::Null, false),
            7 => ("others retracted", json!({"event": self.another(), "reason": text}), false),
            8 => ("somebody read in", Value::Null, false),
            9 => ("its own, corrected to have been read in somebody", Value::Null, false),
            10 => ("its own correction, corrected to have been read in somebody", Value::Null, false),
            11 => ("its own, corrected to join others' statement", Value::Null, false),
            12 => ("a service of others registered", Value::Null, false),
            13 => ("a vendor of others named", Value::Null, false),
            14 => ("its own titled", json!({"event": self.own(), "title": {"en": text, "bn": text}}), true),
            15 => ("its own translated", json!({"event": self.own(), "quotation": {"lang": "bn", "text": text}}), true),
            16 => ("its own retracted", json!({"event": self.own(), "reason": text}), true),
            17 => ("its own corrected", Value::Null, true),
            18 => ("a service of its own registered", Value::Null, true),
            19 => ("its own registration, corrected to name others' vendor", Value::Null, false),
            20 => ("its own that was read in somebody, corrected", Value::Null, false),
            _ => ("said as itself", Value::Null, true),
        };
        let event = match self.number % 24 {
            0 | 15 => self.act("statement.translated", event),
            1 => self.joined(),
            2 | 3 => self.act("claim.weighed", event),
            4 => self.act("incident.linked", event),
            5 | 14 => self.act("incident.titled", event),
            6 => {
                let target = self.another();
                self.correction(&target, &json!({"headline": {"en": text, "bn": text}}))
            }
            7 | 16 => self.act("event.retracted", event),
            8 => {
                let mut made = self.world();
                made["data"]["sources"] = self.read_in();
                made
            }
            9..=11 | 17 => self.corrected_of_its_own(),
            12 => self.registered("whatsapp", json!({"names": {"en": text, "bn": text}})),
            13 => self.registered("evil-two", json!({"names": {"en": text}, "vendor": {"slug": "meta", "name": {"en": text, "bn": text}}})),
            19 => {
                let target = self.registration();
                self.correction(&target, &json!({"vendor": {"slug": "meta", "name": {"en": text, "bn": text}}}))
            }
            20 => {
                let words = self.statement_of_its_own();
                self.correction(&json!({"id": CITED}), &json!({"headline": {"en": text, "bn": text}, "statement": words}))
            }
            18 => self.registered("evil", json!({"names": {"en": text, "bn": text}, "vendor": {"slug": "evil", "name": text}, "parent": "whatsapp"})),
            _ => self.world(),
        };
        if is_taken {
            let kind = WORLD.iter().find(|kind| event["type"] == format!("dateline.{kind}.v1")).copied().unwrap_or("");
            self.own.push((format!("x{}", self.number), kind));
        }
        Attempt { what, event, is_taken }
    }

    fn joined(&mut self) -> Value {
        let mut data = self.data("vendor.acknowledged");
        data["statement"]["same_as"] = self.another_that_speaks();
        self.made("vendor.acknowledged", data)
    }

    fn registered(&mut self, slug: &str, data: Value) -> Value {
        let mut made = self.act("service.registered", data);
        made["subject"] = json!(slug);
        made
    }

    fn corrected_of_its_own(&mut self) -> Value {
        let (mut target, text) = (self.own(), self.text());
        let read_in = self.read_in();
        if self.number % 24 != 17 && (self.number / 24).is_multiple_of(2) {
            target = json!({"id": "yet to come"});
        }
        let patch = match self.number % 24 {
            9 => json!({"sources": read_in}),
            10 => json!({"patch": {"sources": read_in}}),
            11 => json!({"statement": {"quotation": {"lang": "en", "text": text}, "same_as": self.another_that_speaks()}}),
            _ => {
                let headline = json!({"headline": {"en": text, "bn": text}});
                let sources = json!({"sources": self.named()});
                let incident = json!({"incidentid": self.incident.clone()});
                let occurred = json!({"occurred": self.when()});
                self.one_of(&[headline, sources, incident, occurred])
            }
        };
        self.correction(&target, &patch)
    }
}
