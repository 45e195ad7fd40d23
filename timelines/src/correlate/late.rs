//! Rule 4b: what is told long after the last sign still joins the incident that nobody has called over.

use std::cmp::Reverse;

use dateline_events::kinds::VendorStatus;
use dateline_events::{Event, Instant, Kind};

use super::place::{Pass, is_disruption};
use super::{nature_of, overlap_bounds};
use crate::model::is_count;
use crate::rows::{Course, HeadRow, IncidentNumber, ServiceCourse};

const DAY: i64 = 24 * Instant::HOUR;

/// So many services of an incident are followed one by one, the first named.
const SERVICES_FOLLOWED_MAX: usize = 64;

/// The longest of the windows behind an incident's last sign.
pub(super) const LONGEST_WINDOW: i64 = 30 * DAY;

/// What an event may still be to an incident whose last sign lies far behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Late {
    /// It says that it ends, or is about to.
    End,
    /// The vendor speaks of it.
    Word,
    /// The vendor explains it.
    Postmortem,
}

impl Late {
    fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::ServiceRestored(_) | Kind::ReportsSubsided(_) => Some(Self::End),
            Kind::VendorAcknowledged(_) => Some(Self::Word),
            Kind::VendorUpdated(updated) => Some(match updated.status {
                Some(VendorStatus::Monitoring | VendorStatus::Resolved) => Self::End,
                Some(VendorStatus::Postmortem) => Self::Postmortem,
                _ => Self::Word,
            }),
            _ => None,
        }
    }

    /// Microseconds after the last sign.
    fn window(self) -> i64 {
        match self {
            Self::End => 7 * DAY,
            Self::Word => DAY,
            Self::Postmortem => LONGEST_WINDOW,
        }
    }

    fn joins(self, course: Course) -> bool {
        self == Self::Postmortem || matches!(course, Course::Reports | Course::Disrupted)
    }
}

/// True for the names of kinds that may join late.
pub(super) fn may_join_late(kind: &str) -> bool {
    matches!(kind, "service.restored" | "reports.subsided" | "vendor.acknowledged" | "vendor.updated")
}

/// True for what explains an incident and never is one.
pub(super) fn is_postmortem(kind: &Kind) -> bool {
    Late::of(kind) == Some(Late::Postmortem)
}

impl Pass<'_> {
    /// Of the incidents of its service and nature that ended before it, the last; if nobody has called that one over, for this service.
    pub(super) fn incident_left_open(&mut self, event: &Event) -> Option<IncidentNumber> {
        event.services().find_map(|service| self.incident_of_service_left_open(service, event))
    }

    fn incident_of_service_left_open(&mut self, service: &str, event: &Event) -> Option<IncidentNumber> {
        let late = Late::of(&event.kind).filter(|_| event.common.reference.is_none())?;
        let (earliest, _) = overlap_bounds(event)?;
        let (nature, oldest) = (nature_of(event), earliest.plus(-late.window()));
        self.needs.subjects.insert(service.to_owned());
        let fits = |head: &&HeadRow| head.nature == nature && head.span_end.is_some_and(|end| oldest <= end && end < earliest);
        let past = self.knowledge.subjects.get(service);
        let past = past.into_iter().flat_map(|heads| heads.ended_before(earliest)).take_while(|head| head.span_end.is_some_and(|end| oldest <= end));
        let past = past.filter(|head| !self.heads.contains_key(&head.number)).find(|head| fits(head));
        let here = self.heads.values().filter(|head| head.is_of(service)).filter(fits);
        let last = here.chain(past).max_by_key(|head| (head.span_end, Reverse(head.number)))?;
        let (course, of_service) = standing_of(last, service, event.speaks_of_all_services());
        let is_near = late == Late::Postmortem || of_service.is_some_and(|end| oldest <= end);
        (is_near && late.joins(course)).then_some(last.number)
    }
}

/// How far a service of an incident has come, and when the last sign of it ended; of all services that of one which is not over, if any.
fn standing_of(head: &HeadRow, service: &str, is_of_all: bool) -> (Course, Option<Instant>) {
    let open = || head.courses.iter().filter(|each| each.course != Course::Restored).max_by_key(|each| each.last);
    let own = head.courses.iter().find(|each| each.service == service);
    let found = if is_of_all { open().or(own) } else { own };
    found.map_or((head.course, head.span_end), |each| (each.course, each.last))
}

/// An incident takes a sign: how far it has come, and each of its services where there are several.
pub(super) fn follow(head: &mut HeadRow, sign: &Event) {
    if head.courses.is_empty() && sign.services().any(|service| service != head.subject) {
        head.courses.push(ServiceCourse { service: head.subject.clone(), course: head.course, last: head.span_end });
    }
    head.course = course_after(head.course, sign);
    if head.courses.is_empty() {
        return;
    }
    let follows = is_disruption(&sign.kind) || sign.kind.restores() || matches!(sign.kind, Kind::ReportsSubsided(_));
    for service in sign.services().filter(|_| follows) {
        let is_known = head.courses.iter().any(|each| each.service == service);
        if !is_known && head.courses.len() < SERVICES_FOLLOWED_MAX {
            head.courses.push(ServiceCourse { service: service.to_owned(), course: Course::default(), last: None });
        }
    }
    let end = overlap_bounds(sign).map(|(_, latest)| latest);
    for each in &mut head.courses {
        let is_named = sign.speaks_of_all_services() || sign.services().any(|service| service == each.service);
        if is_named && follows {
            each.course = course_after(each.course, sign);
        }
        if is_named {
            each.last = each.last.max(end);
        }
    }
}

/// How far an incident, or a service of it, has come once this sign is attached too.
fn course_after(course: Course, sign: &Event) -> Course {
    match &sign.kind {
        _ if course == Course::Restored || sign.kind.restores() => Course::Restored,
        Kind::ReportsSubsided(_) if course == Course::Reports && is_count(sign) => Course::Subsided,
        _ if is_count(sign) => course,
        _ => Course::Disrupted,
    }
}
