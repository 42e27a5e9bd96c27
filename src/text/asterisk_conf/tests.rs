use super::*;

#[test]
fn texts_and_lines_stay_small() {
    assert_eq!(size_of::<Text>(), 12);
    assert_eq!(size_of::<Line>(), 32);
}
