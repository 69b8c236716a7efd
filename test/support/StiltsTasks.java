/** Runs tasks of STILTS one after the other in one process: words with `--` between the tasks. A failed one ends it. */
public class StiltsTasks {
  public static void main(String[] words) throws Exception {
    for (String task : String.join("\n", words).split("\n--\n")) {
      System.out.println("== next");
      uk.ac.starlink.ttools.Stilts.main(task.split("\n"));
      System.out.flush();
    }
  }
}
