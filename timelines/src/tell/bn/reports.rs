//! What is said around users' reports: their picture, and what the detector measured.

use super::digits;
use crate::tell::PlotWords;

/// The words around the picture of users' reports about a service, in buckets of so many minutes.
pub(in crate::tell) fn plot(service: &str, minutes: u32) -> PlotWords {
    let plain = |text: &str| text.to_owned();
    let months = ["জানু", "ফেব্রু", "মার্চ", "এপ্রিল", "মে", "জুন", "জুলাই", "আগস্ট", "সেপ্টে", "অক্টো", "নভে", "ডিসে"];
    let bengali = digits(&minutes.to_string());
    PlotWords {
        lang: plain("bn"),
        title: format!("{service}: ব্যবহারকারীদের অভিযোগ"),
        description: format!("{service} কাজ না করার কথা কতজন ব্যবহারকারী জানিয়েছেন, প্রতি {bengali} মিনিটে, স্বাভাবিকের পাশে।"),
        reports: format!("{bengali} মিনিটে অভিযোগ"),
        zone: plain("ইউটিসি"),
        zone_offset_s: 0,
        standing_out: plain("স্বাভাবিকের বেশি"),
        baseline: plain("স্বাভাবিক"),
        range: plain("স্বাভাবিক সীমা"),
        unknown: plain("জানা নেই"),
        thinned: plain("প্রতি ধাপে {}টির সর্বোচ্চ"),
        first: plain("শুরু"),
        seen: plain("নিশ্চিত"),
        peak: plain("সর্বোচ্চ"),
        end: plain("স্বাভাবিক"),
        months: months.map(plain),
        digits: plain("০১২৩৪৫৬৭৮৯"),
        lakhs: true,
    }
}

/// How many times the usual users' reports came, and how many spreads above it.
pub(in crate::tell) fn measure(times: &str, spreads: &str, method: &str) -> String {
    let (times, spreads) = (digits(times), digits(spreads));
    format!("ব্যবহারকারীদের অভিযোগ, স্বাভাবিকের {times} গুণ, {spreads} বিচ্যুতি ওপরে ({method})")
}
