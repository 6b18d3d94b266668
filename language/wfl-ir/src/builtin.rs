//! The functions that the evaluator knows, by the names that `std` gives them.

use serde::{Deserialize, Serialize};

/// Declares the functions: a variant, its wire name, and what it takes and gives.
macro_rules! builtins {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal,)+) => {
        /// The functions of the standard library that the evaluator knows. The wire name is the name in the text of
        /// `std` and never changes its meaning under one `semantics` number. A method call has its receiver as the
        /// first argument; an optional argument that is left out is `none` or missing at the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Builtin {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Builtin {
            /// All of them.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$variant,)+];

            /// The wire name, which is also the name in the text of `std`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Builtin::$variant => $name,)+
                }
            }
        }
    };
}

impl Builtin {
    /// The function of this wire name.
    pub fn from_name(name: &str) -> Option<Builtin> {
        Builtin::ALL.iter().copied().find(|builtin| builtin.name() == name)
    }
}

builtins! {
    // std.prelude: text, numbers, lists.
    /// `matches(String, String) -> Bool`: the whole text fits the (linear-time) regular expression.
    Matches "matches",
    /// `length(String | Bytes | List<T> | Set<T> | Map<K, V>) -> Int`: characters, bytes, items or entries.
    Length "length",
    /// `is_empty(String | Bytes | List<T> | Set<T> | Map<K, V>) -> Bool`.
    IsEmpty "is_empty",
    /// `first(List<T>) -> T?`.
    First "first",
    /// `last(List<T>) -> T?`.
    Last "last",
    /// `contains(List<T> | Set<T>, T) -> Bool`, `contains(Map<K, V>, K) -> Bool`, `contains(String, String) -> Bool`.
    Contains "contains",
    /// `uuid(String) -> Uuid`; a fault for text that is none (constants are checked by the compiler).
    Uuid "uuid",
    /// `date(String) -> Date`; a fault for text that is none (constants are checked by the compiler).
    Date "date",
    /// `timestamp(String) -> Timestamp`; a fault for text that is none (constants are checked by the compiler).
    Timestamp "timestamp",
    /// `div(Decimal, Decimal) -> Decimal?`: 34 digits, half-even; none for the divisor zero.
    Div "div",
    /// `quotient(Int, Int) -> Int?`, `quotient(Duration, Duration) -> Int?`: rounded towards zero; none for the
    /// divisor zero.
    Quotient "quotient",
    /// `remainder(Int, Int) -> Int?`, `remainder(Duration, Duration) -> Duration?`: has the sign of the dividend; none
    /// for the divisor zero.
    Remainder "remainder",
    /// `abs(T: Number) -> T`.
    Abs "abs",
    /// `round(Decimal, places: Int?) -> Decimal`: half-even; to a whole number unless said.
    Round "round",
    /// `floor(Decimal) -> Int`: the largest whole number that is not larger.
    Floor "floor",
    /// `ceiling(Decimal) -> Int`: the smallest whole number that is not smaller.
    Ceiling "ceiling",
    /// `at_least(T: Ordered, T) -> T`: the larger of two values.
    AtLeast "at_least",
    /// `at_most(T: Ordered, T) -> T`: the smaller of two values.
    AtMost "at_most",
    /// `get(List<T>, Int) -> T?`, `get(Map<K, V>, K) -> V?`: also `xs[i]` and `map[k]`. Items count from 0.
    Get "get",

    // std.prelude: methods that take lambdas.
    /// `map(List<T>, fn(T) -> R) -> List<R>`.
    Map "map",
    /// `filter(List<T>, fn(T) -> Bool) -> List<T>`.
    Filter "filter",
    /// `flat_map(List<T>, fn(T) -> List<R>) -> List<R>`.
    FlatMap "flat_map",
    /// `count(List<T>, (fn(T) -> Bool)?) -> Int`: all items, or those for which it holds.
    Count "count",
    /// `sum(List<T: Number>, zero?) -> T`, `sum(List<T>, fn(T) -> R: Number, zero?) -> R`. The last argument is made
    /// by the compiler: the zero of the type, which is the sum of no items. It may be missing for a list that is
    /// known to have items.
    Sum "sum",
    /// `all(List<T>, fn(T) -> Bool) -> Bool`: stops at the first item for which it does not hold.
    All "all",
    /// `any(List<T>, fn(T) -> Bool) -> Bool`: stops at the first item for which it holds.
    Any "any",
    /// `fold(List<T>, R, fn(R, T) -> R) -> R`.
    Fold "fold",
    /// `find(List<T>, fn(T) -> Bool) -> T?`: the first item for which it holds.
    Find "find",
    /// `sort_by(List<T>, fn(T) -> K: Ordered) -> List<T>`: ascending; equal items keep their order.
    SortBy "sort_by",
    /// `group_by(List<T>, fn(T) -> K: Key) -> Map<K, List<T>>`: items of a group keep their order.
    GroupBy "group_by",
    /// `index_by(List<T>, fn(T) -> K: Key) -> Map<K, T>`; a fault when two items have one key.
    IndexBy "index_by",
    /// `zip(List<T>, List<U>, fn(T, U) -> R) -> List<R>`: as long as the shorter list.
    Zip "zip",

    // std.prelude: other methods.
    /// `take(List<T>, Int) -> List<T>`: the first so many.
    Take "take",
    /// `drop(List<T>, Int) -> List<T>`: all but the first so many.
    Drop "drop",
    /// `reverse(List<T>) -> List<T>`.
    Reverse "reverse",
    /// `distinct(List<T>) -> List<T>`: the first of equal items.
    Distinct "distinct",
    /// `keys(Map<K, V>) -> List<K>`, ascending.
    Keys "keys",
    /// `values(Map<K, V>) -> List<V>`, by ascending key.
    Values "values",

    // std.list.
    /// `sort(List<T: Ordered>) -> List<T>`: ascending.
    Sort "sort",
    /// `min(List<T: Ordered>) -> T?`: the first of the smallest.
    Min "min",
    /// `max(List<T: Ordered>) -> T?`: the first of the largest.
    Max "max",
    /// `median(List<T: Ordered>) -> T?`: the middle item of the sorted list, of two the lower.
    Median "median",
    /// `average(List<Int> | List<Decimal>) -> Decimal?`: 34 digits, half-even.
    Average "average",
    /// `range(Int, Int) -> List<Int>`: both ends included; empty when the second is smaller.
    Range "range",
    /// `chunk(List<T>, Int) -> List<List<T>>`: parts of so many items, the last perhaps shorter.
    Chunk "chunk",
    /// `concat(List<T>, List<T>) -> List<T>`.
    Concat "concat",
    /// `index_of(List<T>, T) -> Int?`: the place of the first equal item, from 0.
    IndexOf "index_of",
    /// `to_set(List<T: Key>) -> Set<T>`.
    ToSet "to_set",
    /// `to_list(Set<T>) -> List<T>`, ascending.
    ToList "to_list",
    /// `union(Set<T>, Set<T>) -> Set<T>`.
    Union "union",
    /// `intersection(Set<T>, Set<T>) -> Set<T>`.
    Intersection "intersection",
    /// `difference(Set<T>, Set<T>) -> Set<T>`: what only the first one has.
    Difference "difference",

    // std.map.
    /// `empty_map() -> Map<K, V>`.
    EmptyMap "empty_map",
    /// `put(Map<K, V>, K, V) -> Map<K, V>`.
    Put "put",
    /// `remove(Map<K, V>, K) -> Map<K, V>`.
    Remove "remove",
    /// `merge(Map<K, V>, Map<K, V>) -> Map<K, V>`: of two entries with one key the second's counts.
    Merge "merge",
    /// `entries(Map<K, V>, fn(K, V) -> R) -> List<R>`, by ascending key.
    Entries "entries",
    /// `from_entries(List<T>, fn(T) -> K: Key, fn(T) -> V) -> Map<K, V>`; a fault when two items have one key.
    FromEntries "from_entries",
    /// `map_values(Map<K, V>, fn(V) -> R) -> Map<K, R>`.
    MapValues "map_values",

    // std.money.
    /// `percent(Money<C>, Decimal) -> Money<C>`: `percent(x, 0.2)` is 0.2 % of x, rounded half-even.
    Percent "percent",
    /// `allocate(Money<C>, Int) -> List<Money<C>>`: parts that differ by at most one minor unit and add up to it; the
    /// larger ones first. A fault for less than one part.
    Allocate "allocate",
    /// `allocate_by(Money<C>, List<Int>) -> List<Money<C>>`: in proportion, by largest remainder, adding up to it. A
    /// fault for negative weights and weights that are all zero.
    AllocateBy "allocate_by",
    /// `ratio(Money<C>, Money<C>) -> Decimal?`: 34 digits, half-even; none for the divisor zero.
    Ratio "ratio",
    /// `round_to(Money<C>, Money<C>) -> Money<C>`: to the nearest multiple of the second, half-even. A fault unless
    /// that is positive.
    RoundTo "round_to",
    /// `minor_units(Money<C>) -> Int`: EUR 12.50 is 1250.
    MinorUnits "minor_units",
    /// `from_minor_units(Int, Money<C>) -> Money<C>`: so many minor units of the second one's currency.
    FromMinorUnits "from_minor_units",

    // std.iso.
    /// `is_iban(String) -> Bool`: country, length, characters and the ISO 7064 mod-97 check digits.
    IsIban "is_iban",
    /// `is_bic(String) -> Bool`: ISO 9362, with a country of ISO 3166-1.
    IsBic "is_bic",
    /// `is_lei(String) -> Bool`: ISO 17442, with its check digits.
    IsLei "is_lei",
    /// `is_country(String) -> Bool`: an officially assigned alpha-2 code of ISO 3166-1.
    IsCountry "is_country",
    /// `is_currency(String) -> Bool`: an active code of ISO 4217.
    IsCurrency "is_currency",
    /// `iban_country(String) -> String?`: the country of an IBAN; none when ISO 3166-1 does not list it.
    IbanCountry "iban_country",
    /// `is_creditor_reference(String) -> Bool`: ISO 11649, with its check digits.
    IsCreditorReference "is_creditor_reference",
    /// `creditor_reference(String) -> String?`: ISO 11649 around 1 to 21 letters and digits; none for other text.
    CreditorReference "creditor_reference",
    /// `is_luhn(String) -> Bool`: two or more digits, the last of which checks the others (ISO/IEC 7812-1).
    IsLuhn "is_luhn",

    // std.time.
    /// `parse_date(String) -> Date?`.
    ParseDate "parse_date",
    /// `parse_timestamp(String) -> Timestamp?`.
    ParseTimestamp "parse_timestamp",
    /// `date_from(Int, Int, Int) -> Date?`: year, month and day; none when there is no such day.
    DateFrom "date_from",
    /// `date_of(Timestamp, offset: Duration?) -> Date`: the day at that offset from UTC.
    DateOf "date_of",
    /// `time_of_day(Timestamp, offset: Duration?) -> Duration`: since midnight at that offset from UTC.
    TimeOfDay "time_of_day",
    /// `start_of_day(Date, offset: Duration?) -> Timestamp`: midnight at that offset from UTC.
    StartOfDay "start_of_day",
    /// `end_of_day(Date, offset: Duration?) -> Timestamp`: the day's last microsecond.
    EndOfDay "end_of_day",
    /// `central_european_offset(Timestamp) -> Duration`: 1 h, and 2 h in summer by the rule that holds since 1996.
    CentralEuropeanOffset "central_european_offset",
    /// `add_days(Date, Int) -> Date`.
    AddDays "add_days",
    /// `add_months(Date, Int) -> Date`: the same day of the month, or its last day where there is none.
    AddMonths "add_months",
    /// `days_between(Date, Date) -> Int`: negative when the second is earlier.
    DaysBetween "days_between",
    /// `year(Date) -> Int`.
    Year "year",
    /// `month(Date) -> Int`: from 1.
    Month "month",
    /// `day_of_month(Date) -> Int`: from 1.
    DayOfMonth "day_of_month",
    /// `weekday(Date) -> Weekday`: the variants `Monday` to `Sunday`.
    Weekday "weekday",
    /// `format_date(Date, String) -> String`: by a pattern such as `%d.%m.%Y`; a fault for other letters than
    /// `Y y m d e j G V u a A b B %`.
    FormatDate "format_date",

    // std.calendar. A `Calendar` is the record (weekend: Set<Weekday>, holidays: Set<Date>).
    /// `is_business_day(Date, Calendar) -> Bool`.
    IsBusinessDay "is_business_day",
    /// `next_business_day(Date, Calendar) -> Date`: the first one after the day.
    NextBusinessDay "next_business_day",
    /// `previous_business_day(Date, Calendar) -> Date`: the last one before the day.
    PreviousBusinessDay "previous_business_day",
    /// `following(Date, Calendar) -> Date`: the day itself, or the next business day.
    Following "following",
    /// `preceding(Date, Calendar) -> Date`: the day itself, or the previous business day.
    Preceding "preceding",
    /// `modified_following(Date, Calendar) -> Date`: `following`, unless that is in another month; then `preceding`.
    ModifiedFollowing "modified_following",
    /// `add_business_days(Date, Int, Calendar) -> Date`: zero gives the day itself.
    AddBusinessDays "add_business_days",
    /// `business_days_between(Date, Date, Calendar) -> Int`: those after the first up to the second; negative when
    /// the second is earlier.
    BusinessDaysBetween "business_days_between",
    /// `cut_off(Timestamp, Duration, Calendar, offset: Duration?) -> Date`: the business day on which an order counts.
    CutOff "cut_off",
    /// `easter(Int) -> Date?`: Easter Sunday of a year from 1583 to 9999.
    Easter "easter",
    /// `target2_holidays(Int, Int) -> Set<Date>`: the closing days of T2 from one year to another, 2002 to 9999.
    Target2Holidays "target2_holidays",
    /// `business_days(Int) -> Duration`: the longest that so many working days of a five-day week can take.
    BusinessDays "business_days",

    // std.text.
    /// `trim(String) -> String`: without white space at both ends.
    Trim "trim",
    /// `upper(String) -> String`.
    Upper "upper",
    /// `lower(String) -> String`.
    Lower "lower",
    /// `split(String, String) -> List<String>`: an empty separator gives the characters.
    Split "split",
    /// `join(List<String>, String) -> String`.
    Join "join",
    /// `replace(String, String, String) -> String`: every occurrence of the second by the third.
    Replace "replace",
    /// `starts_with(String, String) -> Bool`.
    StartsWith "starts_with",
    /// `ends_with(String, String) -> Bool`.
    EndsWith "ends_with",
    /// `slice(String, Int, Int) -> String`: the characters from one place up to another, from 0, end excluded.
    Slice "slice",
    /// `left(String, Int) -> String`: the first characters.
    Left "left",
    /// `right(String, Int) -> String`: the last characters.
    Right "right",
    /// `pad_left(String, Int, String) -> String`: at least so many characters long.
    PadLeft "pad_left",
    /// `pad_right(String, Int, String) -> String`: at least so many characters long.
    PadRight "pad_right",
    /// `is_digits(String) -> Bool`: one or more of the digits 0 to 9.
    IsDigits "is_digits",
    /// `parse_int(String) -> Int?`.
    ParseInt "parse_int",
    /// `parse_decimal(String) -> Decimal?`.
    ParseDecimal "parse_decimal",
    /// `to_text(T) -> String`: as interpolation writes it.
    ToText "to_text",
    /// `to_sepa(String) -> String`: in the basic Latin character set of the European Payments Council.
    ToSepa "to_sepa",
    /// `to_bytes(String) -> Bytes`: UTF-8.
    ToBytes "to_bytes",
    /// `from_utf8(Bytes) -> String?`.
    FromUtf8 "from_utf8",
    /// `to_hex(Bytes) -> String`: in small letters.
    ToHex "to_hex",
    /// `parse_hex(String) -> Bytes?`.
    ParseHex "parse_hex",
    /// `parse_base64(String) -> Bytes?`: RFC 4648, section 4, with padding.
    ParseBase64 "parse_base64",

    // std.json.
    /// `parse(String) -> Json?`.
    Parse "parse",
    /// `at(Json, String) -> Json?`: by a JSON Pointer (RFC 6901).
    At "at",
    /// `as_text(Json) -> String?`.
    AsText "as_text",
    /// `as_int(Json) -> Int?`.
    AsInt "as_int",
    /// `as_decimal(Json) -> Decimal?`: exact.
    AsDecimal "as_decimal",
    /// `as_bool(Json) -> Bool?`.
    AsBool "as_bool",
    /// `as_list(Json) -> List<Json>?`.
    AsList "as_list",
    /// `as_map(Json) -> Map<String, Json>?`.
    AsMap "as_map",
    /// `is_null(Json) -> Bool`.
    IsNull "is_null",
    /// `to_json(T) -> Json`: as the border writes it.
    ToJson "to_json",
    /// `render(Json) -> String`: compact text.
    Render "render",

    // std.redact.
    /// `mask_last4(String) -> String`: stars and the last four characters; only stars for fewer than eight.
    MaskLast4 "mask_last4",
    /// `mask_all(String) -> String`: eight stars.
    MaskAll "mask_all",
    /// `mask_email(String) -> String`: the first character and the domain.
    MaskEmail "mask_email",
    /// `mask_iban(String) -> String`: the country and the last four characters.
    MaskIban "mask_iban",

    // std.hash.
    /// `sha256(String | Bytes) -> String`: FIPS 180-4, in hexadecimal.
    Sha256 "sha256",
    /// `blake3_hex(String | Bytes) -> String`: 256 bits, in hexadecimal.
    Blake3Hex "blake3_hex",
    /// `hmac_sha256(String | Bytes, String | Bytes) -> String`: key and message; RFC 2104, in hexadecimal.
    HmacSha256 "hmac_sha256",

    // std.id.
    /// `is_uuid(String) -> Bool`.
    IsUuid "is_uuid",
    /// `uuid_v5(Uuid, String) -> Uuid`: namespace and name (RFC 9562, section 5.5).
    UuidV5 "uuid_v5",
    /// `short_id(String | Uuid) -> String`: twelve letters and digits, the same for the same argument.
    ShortId "short_id",
}
