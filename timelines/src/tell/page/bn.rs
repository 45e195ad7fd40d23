//! The page's words in Bengali, as a Kolkata newspaper's site would put them, and those that are others in Dhaka.

use super::PageWords;

pub(super) static IN_INDIA: PageWords = WORDS;

pub(super) static IN_BANGLADESH: PageWords = PageWords {
    tagline: "বিভ্রাটের খবর, যখন যেমন জানা গেছে",
    incidents: "সেবা বিভ্রাট",
    nothing_yet: "এখনো কোনো বিভ্রাট নথিভুক্ত হয়নি।",
    another_time: "অন্য কোনো সময়",
    ..WORDS
};

const WORDS: PageWords = PageWords {
    site: "ডেটলাইন",
    tagline: "বিভ্রাটের খবর, যখন যেমন জানা গিয়েছে",
    skip: "সোজা মূল লেখায় যান",
    language: "ভাষা",
    incidents: "পরিষেবা বিভ্রাট",
    all_incidents: "সব বিভ্রাট",
    search_for: "বিভ্রাটের খোঁজ",
    search: "খুঁজুন",
    state: "এখন কী অবস্থা",
    all_states: "সব",
    maintenance: "আগাম জানানো কাজ",
    nothing_found: "কিছু মিলল না। শব্দ কমিয়ে বা অন্য অবস্থা বেছে দেখুন।",
    nothing_yet: "এখনও কোনও বিভ্রাট নথিভুক্ত হয়নি।",
    next: "আগের বিভ্রাট",
    next_entries: "পরের ভুক্তি",
    first_entries: "গোড়া থেকে",
    known_at: "কখন কতটা জানা ছিল",
    now: "এখন",
    as_of: "যত দূর নথিভুক্ত",
    another_time: "অন্য কোনও সময়",
    show: "দেখান",
    past: "তখন যা জানা ছিল, পাতাটিতে তা-ই রয়েছে; নিজে থেকে বদলাবে না।",
    reading: "পাতাটি কী ভাবে পড়বেন",
    timeline: "ঘটনাক্রম",
    plot: "সময় অনুসারে ব্যবহারকারীদের অভিযোগ, স্বাভাবিকের পাশে",
    nothing_told: "এই বাছাইয়ে বলার মতো কিছু নেই।",
    marks: "খেয়াল রাখুন",
    sources: "সূত্র",
    stated_beside: "আর যা বলা হয়েছে",
    unfold: "সব দাবি বিশদে",
    fold: "দাবি সংক্ষেপে",
    text: "শুধু লেখা",
    json: "JSON",
    live: "লাইভ",
    caught_up: "লাইভ, এখন পর্যন্ত সব খবর এসেছে",
    connection_lost: "সংযোগ নেই, ফের চেষ্টা চলছে",
    cite: "উদ্ধৃত করুন",
    checkpoint: "স্বাক্ষরিত চেকপয়েন্ট",
    true_for: |position, head| format!("নথির {head}টির মধ্যে {position} নম্বর পর্যন্ত ধরে।"),
    changed_at: |position| format!("শেষ বদল {position} নম্বরে।"),
    edits_of: |vendor| format!("স্ট্যাটাস পেজে যা বদলানো হয়েছে: {vendor}"),
    before: "আগে",
    after: "পরে",
};
