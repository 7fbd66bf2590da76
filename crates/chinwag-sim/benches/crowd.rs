//! How what is new spreads in groups of 10 to 10,000 devices, of which one in twenty leaves each minute: a table,
//! and a plot of how long the last device waits.
//!
//! Nothing here depends on the machine: time is made up, and the same seed gives the same figures.

use std::error::Error;
use std::path::Path;

use chinwag_sim::crowd::{Crowd, Spreading, talk};
use plotters::prelude::*;

/// Devices, and how many of them write.
const CROWDS: [(u32, u32); 4] = [(10, 10), (100, 50), (1_000, 50), (10_000, 50)];

/// A line of the plot: what it is called, its colour, and what it shows of so many devices.
type Line = (&'static str, RGBColor, fn(u32, &Spreading) -> f64);

/// One in twenty.
const CHURN: u64 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let is_quick = std::env::args().any(|arg| arg == "--quick");
    let crowds = if is_quick { &CROWDS[..3] } else { &CROWDS[..] };
    println!(
        "| devices | copies | named | last, half ≤ ms | 9 in 10 ≤ | all ≤ | ideal ms | half, × ideal |"
    );
    println!(
        "| ------: | -----: | ----: | --------------: | --------: | ----: | -------: | ------------: |"
    );
    let mut all = Vec::new();
    for (devices, authors) in crowds {
        let (warm_up_s, counted_s) = if *devices > 1_000 { (60, 60) } else { (120, 240) };
        let crowd = Crowd {
            devices: *devices,
            authors: *authors,
            churn: CHURN,
            warm_up_s,
            counted_s,
            seed: 1,
        };
        let spreading = talk(crowd);
        row(*devices, &spreading);
        all.push((*devices, spreading));
    }
    if !is_quick {
        plot(&all)?;
    }
    Ok(())
}

fn row(devices: u32, spreading: &Spreading) {
    let Spreading { missed, copies, named, .. } = spreading;
    assert_eq!(*missed, 0, "a device that was there never got a message");
    let ideal = spreading.ideal_ms(devices);
    let [half, most, last] = [50, 90, 100].map(|percent| spreading.last(percent));
    println!(
        "| {devices} | {copies:.2} | {named:.1} | {half:.0} | {most:.0} | {last:.0} | {ideal:.0} | {:.2} |",
        half / ideal
    );
}

fn plot(all: &[(u32, Spreading)]) -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images/spread.svg");
    let area = SVGBackend::new(&path, (720, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let most = all.iter().map(|(_, spreading)| spreading.last(100)).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(&area)
        .caption("Until the last device has a message", ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d((8_f64..12_000_f64).log_scale(), 0_f64..most * 1.1)?;
    chart
        .configure_mesh()
        .x_desc("devices of a group, one in twenty of which leaves each minute")
        .y_desc("ms")
        .x_label_formatter(&|devices| format!("{devices:.0}"))
        .y_label_formatter(&|ms| format!("{ms:.0}"))
        .draw()?;
    let lines: [Line; 5] = [
        ("all messages", RGBColor(200, 60, 60), |_, spreading| spreading.last(100)),
        ("nine of ten", RGBColor(220, 140, 40), |_, spreading| spreading.last(90)),
        ("half of them", RGBColor(40, 110, 200), |_, spreading| spreading.last(50)),
        ("twice an ideal tree", RGBColor(120, 120, 120), |n, spreading| {
            2.0 * spreading.ideal_ms(n)
        }),
        ("an ideal tree", RGBColor(180, 180, 180), |n, spreading| spreading.ideal_ms(n)),
    ];
    for (name, colour, of) in lines {
        let points = all.iter().map(|(devices, s)| (f64::from(*devices), of(*devices, s)));
        let line = LineSeries::new(points, colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
